"""Mail, as use cases and handlers know it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from app.core.events import DeadLetter
from app.shared.domain.value_objects import EmailAddress


class EmailRefused(DeadLetter):
    """This mail will never be accepted: another attempt would end the same."""


class EmailDelayed(Exception):
    """The mail was not accepted this time."""


class EmailKind(StrEnum):
    """Why somebody gets an email, which says how many of them there may be."""

    NOTICE = "notice"  # what happened to their account
    REQUEST = "request"  # what somebody asked for with their address: perhaps not they
    RECOVERY = "recovery"  # the link without which they can't get in again
    WORK = "work"  # what they have to do, as other users say


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom to write to. The name is None where the address is not known to be theirs."""

    name: str | None
    address: EmailAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A letter to one person. Two with the same key are the same letter, sent again."""

    KEY: ClassVar = re.compile(r"[A-Za-z0-9_-]{1,100}")

    key: str
    kind: EmailKind
    to: EmailAddress
    subject: str
    text: str
    html: str

    def __post_init__(self) -> None:
        if not self.KEY.fullmatch(self.key):  # it becomes a Message-ID and the name of a file
            raise ValueError(f"{self.key!r} can't be the key of a mail")


class Mailer(Protocol):
    async def send(self, email: Email, /) -> None:
        """Hand it over. Raises EmailRefused and EmailDelayed."""
        ...
