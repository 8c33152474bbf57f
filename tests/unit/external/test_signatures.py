"""Webhooks are signed as Standard Webhooks says."""

import base64
import hashlib

import pytest
from pydantic import SecretStr

from app.config.url_types import signing_key
from app.shared.infrastructure.external.webhook import signature

# The example that the implementations of the standard share.
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'


def test_the_example_of_the_standard_has_the_expected_signature() -> None:
    signed = signature(signing_key(SecretStr(KEY)), ID, TIMESTAMP, BODY)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("text", ["a plain key, longer than 24 bytes", "0123456789abcdef" * 4])
def test_a_key_that_receivers_would_decode_differently_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be whsec_ and the base64 of 24 to 64 random bytes"):
        signing_key(SecretStr(text))


def test_the_signature_equals_a_separately_computed_hmac() -> None:
    key = b"a plain key, longer than 24 bytes"
    padded = key.ljust(64, b"\0")  # RFC 2104
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in padded) + b"id.1." + BODY).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in padded) + inner).digest()
    version, _, encoded = signature(key, "id", "1", BODY).partition(",")
    assert version == "v1"
    assert base64.b64decode(encoded, validate=True) == outer


@pytest.mark.parametrize("changed", [("other", "1", BODY), ("id", "2", BODY), ("id", "1", b"")])
def test_every_part_is_signed(changed: tuple[str, str, bytes]) -> None:
    assert signature(b"key", *changed) != signature(b"key", "id", "1", BODY)
