"""Tokens that are sent by email and work once."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from app.core.exceptions import Malformed
from app.modules.user.domain.entities import User
from app.modules.user.domain.opaque_tokens import OpaqueToken
from app.shared.domain.value_objects import EmailAddress


class TokenKind(StrEnum):
    """What a token is for. No kind is accepted in place of another."""

    RESET = "reset"
    CHANGE_ADDRESS = "change_address"


class InvalidToken(Malformed):
    """One answer for wrong, used, expired and outdated tokens, and for another kind."""

    code = "invalid_token"
    message = "This link is invalid or has expired; request a new one."


@dataclass(frozen=True, slots=True)
class OneTimeToken(OpaqueToken):
    PREFIX: ClassVar = "ot_"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLifetimes:
    """How long tokens are valid after their creation.

    `verify` is for tokens that verify an address, of a new account or a new address of one.
    """

    verify: dt.timedelta
    reset: dt.timedelta

    def of(self, kind: TokenKind) -> dt.timedelta:
        return self.reset if kind is TokenKind.RESET else self.verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token allows: one action, for one account, as long as the account is unchanged."""

    fingerprint: str
    kind: TokenKind
    user_id: UUID
    email: str
    password_version: int
    expires_at: dt.datetime

    @classmethod
    def to(cls, user: User, kind: TokenKind, token: OneTimeToken, *, until: dt.datetime) -> Self:
        """Bind the token to the account's current password, and to the address it is sent to."""
        return cls(
            fingerprint=token.fingerprint,
            kind=kind,
            user_id=user.id,
            email=str(_address(user, kind)),
            password_version=user.password_version,
            expires_at=until,
        )

    def is_good_for(self, user: User, *, now: dt.datetime) -> bool:
        """Return whether it is still valid: not for a closed account, nor for one that changed."""
        return (
            user.is_active
            and now < self.expires_at
            and self.password_version == user.password_version
            and self.email == str(_address(user, self.kind))
        )


def _address(user: User, kind: TokenKind) -> EmailAddress | None:
    return user.pending_email if kind is TokenKind.CHANGE_ADDRESS else user.email
