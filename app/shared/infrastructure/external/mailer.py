"""Sends emails over SMTP or, if there is no server, writes them into a folder."""

import asyncio
import datetime as dt
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from app.shared.application.email import Email, EmailDelayed, EmailRefused
from app.shared.infrastructure.external.email_headers import (
    UnsafeHeaders,
    encoded,
    header_block,
    mailbox,
)

log = structlog.get_logger(__name__)

LINK: Final = re.compile(r"https?://\S+")
TIMEOUT_SECONDS: Final = 20.0  # for each step: a connection, a command, its answer
DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}
PERMANENT: Final = range(500, 600)  # RFC 5321, section 4.2.1
_JOINERS: Final = "\u200c\u200d"  # not printable, but part of words and of emoji


def one_line(text: str) -> str:
    """Return the text without line breaks and control characters, so that it fits in a header."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable() or c in _JOINERS)


class FromAddress:
    """The sender: `no-reply@example.com` or `Shop <no-reply@example.com>`."""

    def __init__(self, text: str) -> None:
        name, self.address = parseaddr(text)
        self.domain = self.address.rpartition("@")[2]
        self._mailbox = mailbox(one_line(name), self.address)

    def sign(self, email: Email) -> bytes:
        """Return the complete email (RFC 5322), with the same Message-ID for the same email.

        An address beyond ASCII is written as it is (RFC 6532). Raises EmailRefused.
        """
        headers = {
            "From": self._mailbox,
            "To": email.to.value,
            "Subject": encoded(one_line(email.subject)),
            "Date": format_datetime(dt.datetime.now(dt.UTC)),
            "Message-ID": f"<{email.key}@{self.domain}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no machine should answer
        }
        try:
            return header_block(headers) + _content(email)
        except UnsafeHeaders:
            raise EmailRefused("an address or a subject would become a header") from None


def _content(email: Email) -> bytes:
    """Return both forms of the text with their headers, none of which has a user's value."""
    content = EmailMessage(policy=SMTP)
    content.set_content(email.text, cte="quoted-printable")
    content.add_alternative(email.html, subtype="html", cte="quoted-printable")
    return content.as_bytes()


class SmtpMailer:
    """Sends each email to a server, over its own connection.

    `smtps://` uses TLS from the start. `smtp://` uses STARTTLS if the server supports it. With
    `?starttls=required`, or with a user and a password, it fails without TLS: a password is never
    sent unencrypted.
    """

    def __init__(self, url: str, from_address: FromAddress) -> None:
        self._server, self._from_address = urlsplit(url), from_address

    async def send(self, email: Email, /) -> None:
        content, address = self._from_address.sign(email), email.to.value
        options = [] if address.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]  # RFC 6531
        with _translated(email):
            async with self._connection() as server:
                await server.sendmail(
                    self._from_address.address, [address], content, mail_options=options
                )

    def _connection(self) -> aiosmtplib.SMTP:
        server, is_tls = self._server, self._server.scheme == "smtps"
        needs_tls = bool(server.username or server.query)
        return aiosmtplib.SMTP(
            hostname=server.hostname,
            port=server.port or DEFAULT_PORTS[server.scheme],
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=is_tls,
            start_tls=True if needs_tls and not is_tls else None,
            local_hostname=self._from_address.domain,
            timeout=TIMEOUT_SECONDS,
        )


@contextmanager
def _translated(email: Email) -> Iterator[None]:
    """Translate errors into ours, without their texts, which contain the person's address."""
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refused("recipient", error.recipients[0].code) from None
    except aiosmtplib.SMTPDataError as error:
        raise _refused("content", error.code) from None
    except aiosmtplib.SMTPNotSupported as error:
        if email.to.value.isascii():  # STARTTLS or a way to sign in is missing
            raise EmailDelayed(error.message) from None
        raise EmailRefused("the server does not support addresses with such letters") from None
    except aiosmtplib.SMTPResponseException as error:
        raise EmailDelayed(f"the server answered {error.code}: {type(error).__name__}") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise EmailDelayed(f"the server cannot be reached: {type(error).__name__}") from None


def _refused(what: str, code: int) -> EmailRefused | EmailDelayed:
    kind = EmailRefused if code in PERMANENT else EmailDelayed
    return kind(f"the server refused the {what}: {code}")


class FileMailer:
    """Writes each email into a folder, as `<key>.eml`: the same email again is the same file.

    With `shows_links` its links are logged too, for developers without a mail program. Use it only
    where nobody else reads the log, because some links open accounts.
    """

    def __init__(
        self, folder: Path, from_address: FromAddress, *, shows_links: bool = False
    ) -> None:
        self._folder, self._from_address, self._shows_links = folder, from_address, shows_links

    async def send(self, email: Email, /) -> None:
        await asyncio.to_thread(self._write, email.key, self._from_address.sign(email))
        if self._shows_links:
            log.info("mail written", file=f"{email.key}.eml", links=LINK.findall(email.text))

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.replace(self._folder / f"{name}.eml")  # atomic: a reader never sees half an email
