"""Limits combining marks.

Normalization sorts each row of them, in time that grows quadratically.
"""

import re
from typing import Final
from unicodedata import combining

MAX_MARKS: Final = 30
"""The limit in a row, as UAX #15, section 13, defines stream-safe text. No language reaches it."""

# Unicode classifies these as letters, yet they decompose into marks; U+0344 into two at once.
_MARKS_IN_DISGUISE: Final = {
    0x0344: "\u0308\u0301",
    0x0F73: "\u0f71\u0f72",
    0x0F75: "\u0f71\u0f74",
    0x0F81: "\u0f71\u0f80",
    0xFF9E: "\u3099",
    0xFF9F: "\u309a",
}
_IN_DISGUISE: Final = re.compile("[{}]".format("".join(map(chr, _MARKS_IN_DISGUISE))))
_TOO_MANY: Final = re.compile(rb"[^\x00]{%d}" % (MAX_MARKS + 1))


def has_too_many_marks(text: str) -> bool:
    """Return, in linear time, whether a text must not be normalized."""
    if text.isascii():
        return False
    if _IN_DISGUISE.search(text):
        text = text.translate(_MARKS_IN_DISGUISE)
    return _TOO_MANY.search(bytes(map(combining, text))) is not None
