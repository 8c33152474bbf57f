"""The form of an outgoing email."""

import pytest

from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.external.mailer import FromAddress, one_line
from tests.support.emails import an_email, part, read

FROM_ADDRESS = FromAddress('"Loja São João, Ltda" <no-reply@example.com>')
BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


def test_an_email_has_a_text_and_an_html_part() -> None:
    message = read(FROM_ADDRESS.sign(an_email(text="Bom dia: é\n", html="<p>Bom dia: é</p>\n")))
    assert message.get_content_type() == "multipart/alternative"
    assert part(message, "plain") == "Bom dia: é\n"
    assert part(message, "html") == "<p>Bom dia: é</p>\n"


def test_an_email_has_seven_bits_and_short_lines() -> None:
    content = FROM_ADDRESS.sign(an_email(subject="é" * 200, text="é" * 2000, html="é" * 2000))
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert read(content)["Subject"] == "é" * 200


def test_an_email_has_sender_recipient_and_auto_submitted() -> None:
    message = read(FROM_ADDRESS.sign(an_email()))
    [from_address] = message["From"].addresses
    assert (from_address.display_name, from_address.addr_spec) == (
        "Loja São João, Ltda",
        "no-reply@example.com",
    )
    assert [str(address) for address in message["To"].addresses] == ["ana@example.com"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None


def test_the_same_key_is_the_same_message_id() -> None:
    ids = [
        read(FROM_ADDRESS.sign(an_email(key="a-key", text=text)))["Message-ID"]
        for text in ("a", "b")
    ]
    assert ids == ["<a-key@example.com>"] * 2


def test_a_long_message_id_stays_readable() -> None:
    from_address = FromAddress(f"no-reply@{'x' * 60}.example.com")
    content = from_address.sign(an_email())
    assert f"<{an_email().key}@{'x' * 60}.example.com>".encode() in content


@pytest.mark.parametrize("line_break", BREAKS)
def test_no_subject_becomes_a_header(line_break: str) -> None:
    subject = f"Mine{line_break}Bcc: bruno@example.com{line_break}{line_break}And more"
    message = read(FROM_ADDRESS.sign(an_email(subject=subject)))
    assert message["Subject"] == "Mine Bcc: bruno@example.com And more"
    assert message["Bcc"] is None
    assert part(message, "plain") == "Bom dia\n"


def test_an_address_beyond_ascii_is_written_unchanged() -> None:
    message = FROM_ADDRESS.sign(an_email(to=EmailAddress("josé@example.com")))
    assert "To: josé@example.com\r\n".encode() in message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  two \t words\n", "two words"),
        ("nul\x00 bell\x07 del\x7f", "nul bell del"),
        ("turned \u202earound", "turned around"),
        ("👩\u200d🚀 e\u0301 é", "👩\u200d🚀 e\u0301 é"),
        ("", ""),
    ],
)
def test_one_line_removes_line_breaks_and_control_characters(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize("key", ["", "../up", "a b", "a\r\nb", "<a>", "a@b", "é", "a" * 101])
def test_a_key_can_be_a_message_id_and_the_name_of_a_file(key: str) -> None:
    with pytest.raises(ValueError, match="cannot be the key"):
        an_email(key=key)
