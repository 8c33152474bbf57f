"""Encodes the headers of an email.

Python's own `EmailMessage` decodes the value of a header before it encodes it again. Before 3.11.10
and 3.12.5 a text such as `=?utf-8?q?x=0d=0aBcc:…?=` wrote headers and a body of its own.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Final

_CRLF: Final = "\r\n"
_PLAIN: Final = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_ATOMS: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+( [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
# An encoded word has at most 75 characters, and a line with one at most 76, also the first one,
# after `Subject: ` (RFC 2047, section 2): 52 characters of base64 are 39 bytes.
_WORD_BYTES: Final = 39
_LONGEST_PLAIN: Final = 66


class UnsafeHeaders(Exception):
    """The encoded email would have other headers than those that were given."""


def encoded(text: str) -> str:
    """Return the value of a header such as Subject (RFC 2047, section 5, rule 1).

    Plain ASCII stays as it is. Any other text is encoded as a whole, because a reader drops the
    space between two encoded words. Text with `=?` is encoded too, because a reader would take it
    for an encoded word.
    """
    if not text or _is_plain(text):
        return text
    return f"{_CRLF} ".join(f"=?utf-8?b?{b64encode(part).decode()}?=" for part in _parts(text))


def mailbox(name: str, address: str) -> str:
    """Return a name and an address in the form of From and To (RFC 5322, section 3.4)."""
    if not name:
        return address
    if not _is_plain(name):
        return f"{encoded(name)}{_CRLF} <{address}>"
    if not _ATOMS.fullmatch(name):
        name = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{name} <{address}>"


def header_block(headers: Mapping[str, str]) -> bytes:
    """Return the lines of the headers, each with its line end.

    Raises UnsafeHeaders if a reader would find other headers in them.
    """
    block = "".join(f"{name}: {value}{_CRLF}" for name, value in headers.items()).encode()
    # Split as a lenient reader does: at each kind of line break.
    lines = re.split(rb"\r\n|\r|\n", block)[:-1]
    names = [line.partition(b":")[0].decode() for line in lines if not line.startswith(b" ")]
    if names != list(headers):
        raise UnsafeHeaders
    return block


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST_PLAIN and _PLAIN.fullmatch(text) is not None and "=?" not in text


def _parts(text: str) -> Iterator[bytes]:
    """Split the text between characters: an encoded word holds whole ones (section 5, rule 3)."""
    part = b""
    for character in text:
        more = character.encode()
        if len(part) + len(more) > _WORD_BYTES:
            yield part
            part = b""
        part += more
    yield part
