"""User text in the headers of an email is read unchanged, and adds nothing."""

import email
import email.policy
import random
from email.header import decode_header, make_header

import pytest

from app.shared.application.email import EmailRefused
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.external.email_headers import encoded, mailbox
from app.shared.infrastructure.external.mailer import FromAddress, one_line
from tests.support.emails import an_email, part, read
from tests.support.encoded_words import LONGEST_LINE, read_unstructured

FROM_ADDRESS = FromAddress("Shop <no-reply@example.com>")
NAMES = [
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("MIME-Version", "Content-Type"),
]
# Text that a reader could misread, and scripts whose characters have 1 to 4 bytes.
PIECES = [
    *("=?utf-8?q?x=0d=0aBcc:_eve=40example.com=0d=0a=0d=0abody?=", "=?utf-8?b?eA==?=", "=?", "?="),
    *("=?x?", "=0d=0a", "=", "?", "_", ":", ",", ";", "<b>", '"', "\\", "(a)", "@", "Bcc: x@y.zz"),
    *(
        "word",
        "é",
        "Ação",
        "naïve",
        "日本語",
        "हिन्दी",
        "ไทย",
        "עברית",
        "👩\u200d🚀",
        "🇧🇷",
        "e\u0301",
    ),
    *(
        " ",
        "  ",
        " ",
        "\t",
        "\r\n",
        "\r\nBcc: eve@example.com",
        "x" * 70,
        "é" * 50,
        "\u2028",
        "\x00",
    ),
]


def titles(count: int) -> list[str]:
    dice = random.Random(2047)  # noqa: S311 - nothing secret
    return ["".join(dice.choices(PIECES, k=dice.randint(1, 8))) for _ in range(count)]


def headers_of(content: bytes) -> dict[str, str]:
    """Return the headers as they are written, folded, without Python's parser."""
    block = content.decode().partition("\r\n\r\n")[0]
    lines = block.replace("\r\n ", "\r\n\t").split("\r\n")
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith("\t"):
            name = list(found)[-1]
            found[name] += f"\r\n {line[1:]}"
        else:
            name, _, value = line.partition(": ")
            assert name not in found
            found[name] = value
    return found


def test_three_readers_read_four_thousand_subjects_as_they_were_written() -> None:
    for title in titles(4_000):
        written, raw = one_line(title), encoded(one_line(title))
        message = email.message_from_bytes(
            f"Subject: {raw}\r\n\r\n".encode("ascii"), policy=email.policy.default
        )
        assert message.keys() == ["Subject"]
        assert message["Subject"] == written
        assert str(make_header(decode_header(raw.replace("\r\n", "")))) == written
        assert read_unstructured(raw) == written
        assert all(len(line) <= LONGEST_LINE for line in f"Subject: {raw}".split("\r\n"))


def test_no_subject_adds_a_header_to_an_email() -> None:
    for title in titles(200):
        content = FROM_ADDRESS.sign(an_email(subject=title))
        assert list(headers_of(content)) == NAMES
        message = read(content)
        assert message.keys() == NAMES
        assert part(message, "plain") == "Bom dia\n"


def test_an_encoded_word_in_a_subject_stays_literal_text() -> None:
    text = "=?utf-8?q?x=0d=0aBcc:_eve=40example.com=0d=0a=0d=0aSend_us_your_password?="
    message = read(FROM_ADDRESS.sign(an_email(subject=text)))
    assert (message["Subject"], message["Bcc"]) == (text, None)


@pytest.mark.parametrize("text", ["", "Hello", "a b c", "a" * 66, "Your note: 50 % (done)"])
def test_plain_text_stays_plain(text: str) -> None:
    assert encoded(text) == text


@pytest.mark.parametrize(
    "name",
    [
        *("Shop", "Shop & Co", "Shop, Ltd", 'The "Shop"', "back\\slash", "a@b", "São"),
        *("Loja São João, Ltda", "=?utf-8?q?a=2c?=", "=?utf-8?b?PGV2ZUB4LnkuPg==?= é", "(x)"),
    ],
)
def test_a_display_name_is_equal_after_encoding_and_decoding(name: str) -> None:
    header = mailbox(name, "no-reply@example.com")
    message = email.message_from_string(f"From: {header}\r\n\r\n", policy=email.policy.default)
    [address] = message["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "no-reply@example.com")
    assert not message["From"].defects
    assert all(len(line) <= LONGEST_LINE for line in f"From: {header}".split("\r\n"))


@pytest.mark.parametrize("name", ["x" * 120, "é" * 60, "Loja São João " * 6 + "Ltda"])
def test_a_long_display_name_is_folded(name: str) -> None:
    """Python's own parser is not used: it keeps the space between two encoded words."""
    lines = f"From: {mailbox(name, 'no-reply@example.com')}".split("\r\n")
    assert all(len(line) <= LONGEST_LINE for line in lines)
    assert lines.pop() == " <no-reply@example.com>"
    raw = "\r\n".join(lines).removeprefix("From: ")
    assert read_unstructured(raw) == name
    assert str(make_header(decode_header(raw.replace("\r\n", "")))) == name


@pytest.mark.parametrize(
    "address",
    ["ana@example.com\r\nBcc: eve@example.com", "ana@example.com\rBcc: e@x.y", "a@x.y\n\nbody"],
)
def test_an_address_that_would_become_a_header_is_refused(address: str) -> None:
    with pytest.raises(EmailRefused):
        FROM_ADDRESS.sign(an_email(to=EmailAddress(address)))
