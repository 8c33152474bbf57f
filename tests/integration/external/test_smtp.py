"""Emails over a real connection to a mail server."""

import socket

import pytest

from app.core.endings import DeadLetter
from app.shared.application.email import EmailDelayed, EmailRefused
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.external import mailer
from app.shared.infrastructure.external.mailer import FromAddress, SmtpMailer
from tests.support.certificates import Authority
from tests.support.emails import an_email, part, read
from tests.support.smtp import MailServer, mail_server

FROM_ADDRESS = FromAddress("Shop <no-reply@example.com>")


def to(server: MailServer, *, scheme: str = "smtp", user: str = "", asked: str = "") -> SmtpMailer:
    return SmtpMailer(f"{scheme}://{user}localhost:{server.port}{asked}", FROM_ADDRESS)


async def test_an_email_arrives() -> None:
    async with mail_server() as server:
        await to(server).send(an_email(key="a-key", subject="Olá", text="Bom dia\n.\n.é\n"))
    [delivered] = server.delivered
    assert (delivered.sender, delivered.recipients) == ("no-reply@example.com", ["ana@example.com"])
    message = read(delivered.content)
    assert (message["Subject"], message["Message-ID"]) == ("Olá", "<a-key@example.com>")
    assert part(message, "plain") == "Bom dia\n.\n.é\n"
    assert server.commands[0] == "EHLO example.com"
    assert server.commands[-1] == "QUIT"


async def test_no_email_becomes_a_command_or_another_email() -> None:
    text = "x\r\n.\r\nMAIL FROM:<bruno@example.com>\r\n"
    async with mail_server() as server:
        await to(server).send(an_email(subject="x\r\nBcc: bruno@example.com", text=text))
    [delivered] = server.delivered
    assert delivered.recipients == ["ana@example.com"]
    assert read(delivered.content)["Bcc"] is None
    assert [c.split(" ")[0].upper() for c in server.commands] == [
        *("EHLO", "MAIL", "RCPT", "DATA", "QUIT")
    ]


# --- TLS and passwords ----------------------------------------------------------------------------


async def test_starttls_is_used_if_the_server_supports_it(authority: Authority) -> None:
    async with mail_server(tls=authority.server_of("localhost")) as server:
        await to(server).send(an_email())
    assert [(d.over_tls, d.signed_in_as) for d in server.delivered] == [(True, "")]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_password_is_sent_with_tls(authority: Authority, scheme: str) -> None:
    tls = authority.server_of("localhost")
    async with mail_server(tls=tls, from_the_start=scheme == "smtps") as server:
        await to(server, scheme=scheme, user="us%40er:p%3Aw%2F@").send(an_email())
    assert [(d.over_tls, d.signed_in_as) for d in server.delivered] == [(True, "us@er:p:w/")]


async def test_a_password_is_not_sent_without_tls() -> None:
    async with mail_server() as server:
        with pytest.raises(EmailDelayed):
            await to(server, user="user:password@").send(an_email())
    assert [command.split(" ")[0] for command in server.commands] == ["EHLO"]


async def test_if_tls_is_required_nothing_is_sent_without_it(authority: Authority) -> None:
    async with mail_server() as server:
        with pytest.raises(EmailDelayed):
            await to(server, asked="?starttls=required").send(an_email())
    assert [command.split(" ")[0] for command in server.commands] == ["EHLO"]
    async with mail_server(tls=authority.server_of("localhost")) as server:
        await to(server, asked="?starttls=required").send(an_email())
    assert [d.over_tls for d in server.delivered] == [True]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_server_with_a_certificate_for_another_name_gets_nothing(
    authority: Authority, scheme: str
) -> None:
    tls = authority.server_of("mail.example.com")
    async with mail_server(tls=tls, from_the_start=scheme == "smtps") as server:
        with pytest.raises(EmailDelayed):
            await to(server, scheme=scheme, user="user:password@").send(an_email())
    assert server.delivered == []
    assert not any(command.startswith("AUTH") for command in server.commands)


# --- Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "what"), [("RCPT", "recipient"), ("CONTENT", "content"), ("DATA", "content")]
)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 no such user ana@example.com", EmailRefused),
        ("552 too large", EmailRefused),
        ("450 4.2.1 mailbox busy: ana@example.com", EmailDelayed),
        ("451 try later", EmailDelayed),
    ],
)
async def test_a_refusal_is_permanent_or_temporary_and_contains_no_address(
    command: str, what: str, answer: str, kind: type[Exception]
) -> None:
    async with mail_server() as server:
        server.refusals[command] = answer
        with pytest.raises(kind) as error:
            await to(server).send(an_email())
    assert type(error.value) is kind
    assert str(error.value) == f"the server refused the {what}: {answer[:3]}"
    assert error.value.__suppress_context__
    assert server.delivered == []


def test_a_permanently_refused_email_is_a_dead_letter() -> None:
    assert issubclass(EmailRefused, DeadLetter)
    assert not issubclass(EmailDelayed, DeadLetter)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("CONNECT", "554 not you"),
        ("EHLO", "550 not you"),
        ("MAIL", "550 not in your name"),
        ("MAIL", "421 closing"),
        ("RCPT", "421 closing"),
    ],
)
async def test_a_refusal_of_the_service_is_temporary_for_the_email(
    command: str, answer: str
) -> None:
    async with mail_server() as server:
        server.refusals |= {command: answer, "HELO": answer}
        with pytest.raises(EmailDelayed, match=answer[:3]):
            await to(server).send(an_email())


async def test_a_wrong_password_is_temporary_for_the_email(authority: Authority) -> None:
    async with mail_server(tls=authority.server_of("localhost")) as server:
        server.refusals["AUTH"] = "535 wrong"
        with pytest.raises(EmailDelayed, match="535"):
            await to(server, user="user:password@").send(an_email())


async def test_an_unreachable_server_is_retried() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with pytest.raises(EmailDelayed, match="the server cannot be reached"):
            await SmtpMailer(f"smtp://127.0.0.1:{port}", FROM_ADDRESS).send(an_email())


async def test_a_silent_server_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mailer, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(EmailDelayed, match="Timeout"):
            await SmtpMailer(url, FROM_ADDRESS).send(an_email())


# --- Addresses beyond ASCII -----------------------------------------------------------------------

JOSE = EmailAddress("josé@example.com")


async def test_an_address_beyond_ascii_is_sent_to_a_server_that_supports_it() -> None:
    async with mail_server() as server:
        server.features = ["8BITMIME", "SMTPUTF8"]
        await to(server).send(an_email(to=JOSE))
    assert [delivered.recipients for delivered in server.delivered] == [["josé@example.com"]]
    assert "To: josé@example.com\r\n".encode() in server.delivered[0].content


async def test_an_address_beyond_ascii_is_refused_by_a_server_without_support() -> None:
    async with mail_server() as server:
        with pytest.raises(EmailRefused):
            await to(server).send(an_email(to=JOSE))
    assert server.delivered == []
