"""A reader of encoded words (RFC 2047), as strict as the standard, without our code."""

import base64
import re

_WORD = re.compile(r"=\?([!-~]+?)\?([bq])\?([!->@-~]*)\?=", re.IGNORECASE)
LONGEST_WORD, LONGEST_LINE = 75, 76


def read_unstructured(value: str) -> str:
    """Return the text of a header, folded or not. Raises AssertionError if it breaks a rule."""
    lines = value.split("\r\n")
    assert all(line.startswith((" ", "\t")) for line in lines[1:])
    words = " ".join(line.strip() for line in lines).split(" ")
    text, was_encoded = "", True
    for word in words:
        found = _WORD.fullmatch(word)
        assert found or "=?" not in word, "an encoded word that is glued to something"
        if not (found and was_encoded):
            text += " " if text else ""
        text += _decoded(found) if found else word
        was_encoded = found is not None
    return text


def _decoded(found: re.Match[str]) -> str:
    charset, encoding, payload = found.groups()
    assert len(found[0]) <= LONGEST_WORD
    assert payload, "an empty encoded word"
    if encoding.lower() == "b":
        return base64.b64decode(payload, validate=True).decode(charset)
    content = payload.replace("_", " ").encode()
    return re.sub(rb"=([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), content).decode(charset)
