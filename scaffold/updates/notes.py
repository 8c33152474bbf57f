"""What CHANGELOG says of a version."""

import re
from typing import Final

from scaffold.base.git import Repository
from scaffold.base.versions import Version

FILE: Final = "CHANGELOG.md"
_HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)


def notes_of(base: Repository, version: Version) -> str:
    """Return the entry of a version, headings as plain lines; a commit has what is unreleased.

    Git would take a line that begins with `#` for a comment.
    """
    [content] = base.contents([f"{version.commit}:{FILE}"])
    sections = content.decode().split("\n## ")[1:]
    name = version.name if version.is_released else "Unreleased"
    for each in sections:
        heading, _, text = each.partition("\n")
        if heading.startswith(f"[{name}]"):
            return _HEADING.sub(r"\1:", text).strip()
    return ""


def message_of(version: Version, notes: str) -> str:
    """Return the message of the commit that brings a version."""
    return f"Update the base to {version.name}\n\n{notes}".rstrip() + "\n"
