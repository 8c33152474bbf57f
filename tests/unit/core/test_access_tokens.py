import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import socket
from typing import Any, Final
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from app.core.exceptions import Unauthenticated
from app.core.security import AccessTokens, _name_of

KEY: Final = "a key for tests only, and long enough for every algorithm that there is"
USER: Final = UUID("018f3c1e-0000-7000-8000-000000000001")
SESSION: Final = UUID("018f3c1e-0000-7000-8000-000000000002")
START: Final = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
LEFT_OUT: Final = ...  # is shown in the same way in the name of each run
LIFETIME: Final = dt.timedelta(minutes=10)


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> dt.datetime:
        return self.time


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def tokens(wall: Wall) -> AccessTokens:
    return made(wall)


def made(wall: Wall, *keys: str, algorithm: str = "HS256") -> AccessTokens:
    return AccessTokens(
        keys=keys or [KEY], algorithm=algorithm, issuer="Shop", lifetime=LIFETIME, now=wall.now
    )


def forged(
    key: Any = KEY,
    algorithm: str = "HS256",
    typ: Any = "at+jwt",
    header: dict[str, Any] | None = None,
    **changed: Any,
) -> str:
    """Return a valid token with these changes; None removes a claim."""
    claims = {
        "iss": "Shop",
        "aud": "Shop",
        "sub": str(USER),
        "sid": str(SESSION),
        "jti": "018f3c1e-0000-7000-8000-000000000003",
        "iat": START.timestamp(),
        "nbf": START.timestamp(),
        "exp": (START + LIFETIME).timestamp(),
        **changed,
    }
    payload = json.dumps({name: value for name, value in claims.items() if value is not None})
    return signed(payload.encode(), key, algorithm, {"typ": typ, **(header or {})})


def signed(
    payload: bytes,
    key: Any = KEY,
    algorithm: str = "HS256",
    header: dict[str, Any] | None = None,
) -> str:
    headers = {"typ": "at+jwt", "kid": _name_of(KEY), **(header or {})}
    kept = {name: value for name, value in headers.items() if value is not LEFT_OUT}
    return jwt.PyJWS().encode(payload, key, algorithm, headers=kept)


def refused(tokens: AccessTokens, token: str) -> bool:
    with pytest.raises(Unauthenticated) as error:
        tokens.verify(token)
    return type(error.value) is Unauthenticated and error.value.detail == Unauthenticated.message


def segment(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


# --- What is good -------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_an_issued_token_has_user_session_and_lifetime(wall: Wall, algorithm: str) -> None:
    tokens = made(wall, algorithm=algorithm)
    verified = tokens.verify(tokens.issue(user_id=USER, session_id=SESSION))
    assert (verified.user_id, verified.session_id) == (USER, SESSION)
    assert verified.expires_at == (START + tokens.lifetime).timestamp()


def test_an_issued_token_holds_the_claims_that_are_required_and_no_others(
    tokens: AccessTokens,
) -> None:
    token = tokens.issue(user_id=USER, session_id=SESSION)
    assert set(jwt.decode(token, options={"verify_signature": False})) == set(AccessTokens.CLAIMS)
    assert jwt.get_unverified_header(token) == {
        "alg": "HS256",
        "typ": "at+jwt",
        "kid": _name_of(KEY),
    }


def test_no_two_tokens_are_the_same(tokens: AccessTokens) -> None:
    assert len({tokens.issue(user_id=USER, session_id=SESSION) for _ in range(10)}) == 10


def test_the_forger_of_these_tests_can_create_a_valid_token(tokens: AccessTokens) -> None:
    assert tokens.verify(forged()).user_id == USER


# --- What is forged -----------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_even_with_the_right_key(
    tokens: AccessTokens, algorithm: str
) -> None:
    assert refused(tokens, forged(algorithm=algorithm))


def test_a_public_key_algorithm_is_refused(tokens: AccessTokens) -> None:
    assert refused(tokens, forged(rsa.generate_private_key(65537, 2048), "RS256"))


def test_another_key_is_refused(tokens: AccessTokens) -> None:
    assert refused(tokens, forged("another key for tests only, and long enough"))


@pytest.mark.parametrize("algorithm", ["none", "nOnE", "NONE", "", None, 5, ["HS256"], {}])
@pytest.mark.parametrize("signed", [True, False])
def test_a_token_without_an_algorithm_is_refused(
    tokens: AccessTokens,
    algorithm: Any,
    signed: bool,  # noqa: FBT001 - a row of the matrix
) -> None:
    _, payload, signature = forged().split(".")
    claimed = {"typ": "at+jwt", "alg": algorithm, "kid": _name_of(KEY)}
    header = segment(json.dumps(claimed).encode())
    assert refused(tokens, f"{header}.{payload}.{signature if signed else ''}")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_any_of_its_parts_changed_is_refused(tokens: AccessTokens, part: int) -> None:
    parts = forged().split(".")
    for place in range(0, len(parts[part]) - 1, 5):
        text = parts[part]
        other = "A" if text[place] != "A" else "B"
        changed = [*parts[:part], text[:place] + other + text[place + 1 :], *parts[part + 1 :]]
        assert refused(tokens, ".".join(changed))


def test_the_signature_of_another_token_is_refused(tokens: AccessTokens) -> None:
    header, payload, _ = forged().split(".")
    signature = forged(sub="018f3c1e-0000-7000-8000-00000000000f").split(".")[2]
    assert refused(tokens, f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("claim", AccessTokens.CLAIMS)
def test_a_token_that_lacks_a_claim_is_refused(tokens: AccessTokens, claim: str) -> None:
    without: dict[str, Any] = {claim: None}
    assert refused(tokens, forged(**without))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "Somebody"),
        ("iss", ""),
        ("iss", ["Shop"]),
        ("iss", 5),
        ("aud", "shop"),
        ("aud", []),
        ("aud", 5),
        ("sub", "ana@example.com"),
        ("sub", ""),
        ("sub", 5),
        ("sid", "x"),
        ("sid", 5),
        ("sid", []),
        ("jti", 5),
        ("exp", "tomorrow"),
        ("exp", "NaN"),
        ("exp", float("nan")),
        ("exp", []),
        ("exp", {}),
        ("exp", True),
        ("exp", -1),
        ("nbf", "now"),
        ("nbf", "NaN"),
        ("nbf", float("nan")),
        ("nbf", []),
        ("nbf", 2**70),
    ],
)
def test_a_claim_with_a_wrong_value_is_refused(
    tokens: AccessTokens, claim: str, value: Any
) -> None:
    assert refused(tokens, forged(**{claim: value}))


HOSTILE_HEADERS: Final[list[dict[str, Any]]] = [
    {"kid": LEFT_OUT},
    {"kid": ""},
    {"kid": "0123456789abcdef"},
    {"kid": "../../../dev/null"},
    {"kid": "' UNION SELECT 'key"},
    {"kid": KEY},
    {"crit": ["exp"], "exp": 1},
    {"crit": ["b64"], "b64": False},
    {"crit": []},
    {"crit": "x"},
    {"typ": LEFT_OUT},
    {"typ": None},
]


@pytest.mark.parametrize("header", HOSTILE_HEADERS, ids=str)
def test_a_header_with_a_wrong_value_is_refused(
    tokens: AccessTokens, header: dict[str, Any]
) -> None:
    assert refused(tokens, forged(header=header))


def test_a_public_key_is_not_accepted_as_an_hmac_secret() -> None:
    """The classic attack: sign with the public key as if it were a shared secret."""
    pair = rsa.generate_private_key(65537, 2048)
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    tokens = made(Wall())
    head = segment(json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": _name_of(KEY)}).encode())
    payload = forged().split(".")[1]
    signature = hmac.digest(public, f"{head}.{payload}".encode(), "sha256")
    assert refused(tokens, f"{head}.{payload}.{segment(signature)}")


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
def test_no_key_is_fetched_from_a_url_in_a_token(tokens: AccessTokens, name: str) -> None:
    strangers = "a key of a stranger's, and long enough for everything"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/keys.json"
        value = {"kty": "oct", "k": segment(strangers.encode())} if name == "jwk" else address
        assert refused(tokens, forged(strangers, header={name: value}))
        # Nor for a token that is valid otherwise: the header is never read.
        tokens.verify(forged(header={name: value}))
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize("typ", ["JWT", "AT+JWT", "rt+jwt", "", None, 5, ["at+jwt"]])
def test_a_token_of_another_type_is_refused(tokens: AccessTokens, typ: Any) -> None:
    assert refused(tokens, forged(typ=typ))


def test_a_signed_payload_that_is_no_object_is_refused(tokens: AccessTokens) -> None:
    for payload in (b"", b"[]", b"1", b"null", b'"text"', b"\xff", b"[" * 100_000):
        assert refused(tokens, signed(payload))


# --- Another key --------------------------------------------------------------------------------

OLD: Final = "the key of before, for tests only, and long enough for everything"


def issued_with(*keys: str) -> str:
    return made(Wall(), *keys).issue(user_id=USER, session_id=SESSION)


def test_a_new_key_signs_and_the_old_one_still_verifies() -> None:
    tokens = made(Wall(), KEY, OLD)
    assert tokens.verify(issued_with(OLD)).session_id == SESSION
    assert tokens.verify(issued_with(KEY)).session_id == SESSION
    assert jwt.get_unverified_header(issued_with(KEY, OLD))["kid"] == _name_of(KEY)


def test_a_process_with_the_new_key_for_verification_accepts_its_tokens() -> None:
    """So keys can be changed one process after the other: first to verify, then to sign."""
    assert made(Wall(), OLD, KEY).verify(issued_with(KEY, OLD)).user_id == USER


def test_the_tokens_of_a_removed_key_are_refused() -> None:
    assert refused(made(Wall(), KEY), issued_with(OLD))


def test_a_token_that_names_one_key_and_is_signed_with_another_is_refused() -> None:
    tokens = made(Wall(), KEY, OLD)
    assert refused(tokens, forged(OLD))
    assert refused(tokens, forged(KEY, header={"kid": _name_of(OLD)}))
    assert tokens.verify(forged(OLD, header={"kid": _name_of(OLD)}))


def test_the_name_of_a_key_reveals_nothing_of_it() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", _name_of(KEY))
    assert _name_of(KEY) != hashlib.sha256(KEY.encode()).hexdigest()[:16]
    assert len({_name_of(KEY), _name_of(OLD), _name_of(KEY + " ")}) == 3


def test_the_name_of_a_key_never_changes() -> None:
    """Otherwise a release would end all sessions."""
    assert _name_of("a key") == "7fd91b7f27c768f6"


JUNK: Final = {
    "nothing": "",
    "one dot": ".",
    "two dots": "..",
    "three dots": "...",
    "emails": "a.b.c",
    "empty objects": "e30.e30.e30",
    "a zero": "\x00",
    "a surrogate": "\ud800",
    "other letters": "é.é.é",
    "a refresh token": "rt_" + "a" * 43,
    "a hundred thousand letters": "a" * 100_000,
    "ten thousand dots": "." * 10_000,
    "a header of brackets": segment(b"[" * 100_000) + ".e30.e30",
    "a deep header": segment(b'{"alg":' * 10_000) + ".e30.e30",
    "a header with a long number": segment(b'{"alg":' + b"9" * 5000 + b"}") + ".e30.e30",
    "a header with a number as kid": segment(b'{"alg":"HS256","kid":5}') + ".e30.e30",
    "a detached payload": segment(b'{"alg":"HS256","b64":false,"crit":["b64"]}') + "..e30",
    "a header of no text": segment(b"\xff") + ".e30.e30",
}


@pytest.mark.parametrize("token", JUNK.values(), ids=JUNK)
def test_random_text_is_refused_like_any_invalid_token(tokens: AccessTokens, token: str) -> None:
    assert refused(tokens, token)


@given(st.text() | st.lists(st.binary().map(segment), min_size=3, max_size=3).map(".".join))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    assert refused(made(Wall()), text)


# --- Time ---------------------------------------------------------------------------------------

LEEWAY: Final = AccessTokens.LEEWAY
MOMENT: Final = dt.timedelta(microseconds=1)


def test_a_token_is_valid_until_its_leeway_ends(tokens: AccessTokens, wall: Wall) -> None:
    token = forged()
    wall.time = START + LIFETIME + LEEWAY - MOMENT
    assert tokens.verify(token)
    wall.time = START + LIFETIME + LEEWAY
    assert refused(tokens, token)


def test_a_token_is_valid_from_its_leeway_before_its_start(
    tokens: AccessTokens, wall: Wall
) -> None:
    token = forged()
    wall.time = START - LEEWAY - dt.timedelta(seconds=1)
    assert refused(tokens, token)
    wall.time = START - LEEWAY
    assert tokens.verify(token)


@pytest.mark.parametrize("year", [2001, 2101])
def test_the_service_clock_decides_about_expiry(
    tokens: AccessTokens, wall: Wall, year: int
) -> None:
    wall.time = START.replace(year=year)
    assert tokens.verify(tokens.issue(user_id=USER, session_id=SESSION))


def test_a_token_expires_although_it_was_never_seen_before(
    tokens: AccessTokens, wall: Wall
) -> None:
    wall.time = START + LIFETIME + LEEWAY
    assert refused(tokens, forged())


def test_a_remembered_token_still_expires(tokens: AccessTokens, wall: Wall) -> None:
    token = tokens.issue(user_id=USER, session_id=SESSION)
    assert tokens.verify(token) is tokens.verify(token)
    wall.time += LIFETIME + LEEWAY
    assert refused(tokens, token)
    assert not tokens._verified
    assert refused(tokens, token)


def test_a_refused_token_is_not_remembered(tokens: AccessTokens) -> None:
    token = forged("another key for tests only, and long enough")
    assert refused(tokens, token)
    assert refused(tokens, token)


def test_the_number_of_remembered_tokens_is_limited(
    tokens: AccessTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AccessTokens, "REMEMBERED", 3)
    issued = [tokens.issue(user_id=USER, session_id=SESSION) for _ in range(5)]
    for token in issued:
        assert tokens.verify(token)
    assert list(tokens._verified) == issued[-3:]
    assert tokens.verify(issued[0]).user_id == USER
