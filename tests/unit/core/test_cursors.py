import base64
import datetime as dt
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.cursors import Cursors, InvalidCursor

cursors = Cursors("a secret for tests only, and long enough")
LIST: Final = "notes of ana, newest first"
CURSOR: Final = cursors.seal(["????", "018f3"], of=LIST)

RAW: Final = base64.urlsafe_b64decode(CURSOR + "=")

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(texts), texts)
def test_a_position_comes_back_from_its_cursor(position: list[str], of: str) -> None:
    assert cursors.open(cursors.seal(position, of=of), of=of) == position


VALUES: Final = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.uuids()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.dates()
    | st.times()
    | st.timedeltas(dt.timedelta(days=-99_999_999), dt.timedelta(days=99_999_999))
    | st.decimals(allow_nan=False, allow_infinity=False)
)


@given(st.lists(VALUES))
def test_each_value_of_a_position_keeps_its_type(position: list[object]) -> None:
    found = cursors.open(cursors.seal(position, of=LIST), of=LIST)
    assert found == position
    assert [type(value) for value in found] == [type(value) for value in position]


def test_a_value_that_a_cursor_can_not_hold_is_refused_with_its_type() -> None:
    with pytest.raises(TypeError, match="set"):
        cursors.seal([{1}], of=LIST)


@given(st.lists(texts))
def test_a_cursor_can_stand_in_a_url_as_it_is(position: list[str]) -> None:
    assert cursors.seal(position, of=LIST).replace("-", "a").replace("_", "a").isalnum()


def test_a_cursor_does_not_depend_on_the_process_that_made_it() -> None:
    assert Cursors("a secret for tests only, and long enough").open(CURSOR, of=LIST)


def refused(cursor: str, *, of: str = LIST) -> bool:
    with pytest.raises(InvalidCursor):
        cursors.open(cursor, of=of)
    return True


def spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize("bit", range(8))
def test_a_cursor_with_any_changed_bit_is_refused(bit: int) -> None:
    for place in range(len(RAW)):
        turned = bytearray(RAW)
        turned[place] ^= 1 << bit
        assert refused(spelled(bytes(turned)))


def test_a_cursor_with_any_character_changed_is_refused() -> None:
    for place, character in enumerate(CURSOR):
        other = "A" if character != "A" else "B"
        assert refused(CURSOR[:place] + other + CURSOR[place + 1 :])


def test_a_cursor_cut_anywhere_is_refused() -> None:
    for length in range(len(CURSOR)):
        assert refused(CURSOR[:length])


@pytest.mark.parametrize("of", ["", "notes of bruno, newest first", LIST.upper(), f"{LIST} "])
def test_a_cursor_of_another_list_is_refused(of: str) -> None:
    assert refused(CURSOR, of=of)


def test_the_list_and_the_position_cannot_be_confused() -> None:
    mac, payload = RAW[: Cursors.MAC_BYTES], RAW[Cursors.MAC_BYTES :]
    for length in range(len(LIST)):
        shifted = mac + LIST[length:].encode() + payload
        assert refused(spelled(shifted), of=LIST[:length])


@pytest.mark.parametrize("secret", ["", "another secret for tests, and long enough"])
def test_a_cursor_signed_with_another_secret_is_refused(secret: str) -> None:
    assert refused(Cursors(secret).seal(["a"], of=LIST))


@pytest.mark.parametrize(
    "cursor",
    [
        CURSOR + "=",
        CURSOR + "==",
        CURSOR + "\n",
        " " + CURSOR,
        CURSOR[:4] + "\n" + CURSOR[4:],
        CURSOR[:4] + "!" + CURSOR[4:],
        CURSOR.replace("-", "+").replace("_", "/"),
        CURSOR[:-1] + chr(ord(CURSOR[-1]) + 1),
    ],
)
def test_another_spelling_of_the_same_bytes_is_refused(cursor: str) -> None:
    assert cursor != CURSOR
    assert base64.b64decode(cursor + "==", b"-_") == base64.b64decode(CURSOR + "==", b"-_")
    assert refused(cursor)


@given(st.text() | st.text("ABCabc019-_=", max_size=80) | texts.map(lambda t: CURSOR + t + "A"))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    assert refused(text)
