"""Requires one spelling of each path, so that a proxy and this service see the same address."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from app.core.exceptions import PathMisspelled

# A % that begins no escape, and unnecessary escapes of letters, digits, - . _ ~ and /.
_MISSPELLED: Final = re.compile(
    rb"%(?![0-9A-Fa-f]{2})"
    rb"|%(?:2[DdEeFf]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])"
)


def refuse_misspelled(scope: Scope) -> None:
    """Raise PathMisspelled for a path that could be read as another one."""
    raw = scope.get("raw_path") or b""
    if b"%" not in raw:
        return
    if _MISSPELLED.search(raw):
        raise PathMisspelled
    try:
        unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise PathMisspelled from None
