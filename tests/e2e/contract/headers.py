"""Compares the headers of an answer with those that the document lists."""

from collections.abc import Iterable
from typing import Any, Final

from app.core.middleware import DEFAULT_HEADERS, SECURITY_HEADERS

# Headers that every answer may have: HTTP's own, and those for browsers. No client needs them.
UNDOCUMENTED: Final = {
    *("content-type", "content-length", "connection", "date", "transfer-encoding"),
    *(name.decode() for name, _ in SECURITY_HEADERS),
    *(name.decode() for name in DEFAULT_HEADERS),
}


def documented_headers(
    document: dict[str, Any], operation: dict[str, Any], status: int
) -> dict[str, dict[str, Any]]:
    """The headers of an operation's answer with this status, by their lower-case names."""
    response = operation["responses"][str(status)]
    if "$ref" in response:
        response = document["components"]["responses"][_name(response)]
    headers = response.get("headers", {})
    known = document["components"]["headers"]
    return {name.lower(): known[_name(header)] for name, header in headers.items()}


def differences(
    document: dict[str, Any], operation: dict[str, Any], status: int, sent: Iterable[str]
) -> list[str]:
    """Return the headers that were sent and are not documented, or the other way round."""
    documented = documented_headers(document, operation, status)
    present = {name.lower() for name in sent} - UNDOCUMENTED
    always = {name for name, header in documented.items() if header["required"]}
    where = f"{operation['operationId']} {status}"
    return [
        *(
            f"{where}: {name} is sent and not documented"
            for name in sorted(present - set(documented))
        ),
        *(f"{where}: {name} is documented and not sent" for name in sorted(always - present)),
    ]


def _name(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]
