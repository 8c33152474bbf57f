"""The name of a client program, and how much of it is stored."""

import re
from typing import Final

MAX_CLIENT: Final = 60

# The first match counts: many names contain others, as every browser claims to be Safari.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS: Final = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
_PROGRAM: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}")


def client_named(user_agent: str) -> str | None:
    """Return a name by which a user recognises a client: `Firefox on Linux`, `curl`.

    The User-Agent itself is not stored: it may be any text, and its versions can identify a person.
    """
    if not user_agent.startswith("Mozilla/"):
        program = _PROGRAM.match(user_agent)
        return program[0] if program else None
    browser = _first(_BROWSERS, user_agent) or "A browser"
    system = _first(_SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def _first(names: dict[str, str], text: str) -> str | None:
    return next((name for sign, name in names.items() if sign in text), None)
