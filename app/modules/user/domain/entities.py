"""Users and their sessions."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from app.core.exceptions import Conflict, Invalid, Unauthenticated
from app.modules.user.domain.events import UserDeactivated, UserRegistered, UserVerified
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.domain.value_objects import EmailAddress


class Role(StrEnum):
    """What an account is trusted with; the container says which permissions that means."""

    USER = "user"
    ADMIN = "admin"


class EmailTaken(Conflict):
    """Another account has this address."""

    code = "email_taken"
    message = "There is already an account with this e-mail address."


class InvalidCredentials(Unauthenticated):
    """One answer for unknown, wrong, disabled and unverified: which it was is nobody's business."""

    code = "invalid_credentials"
    message = "The e-mail address or the password is wrong, or the account can't be used."


class InvalidRefreshToken(Unauthenticated):
    """Unknown, spent, expired or revoked."""

    code = "invalid_refresh_token"
    message = "This refresh token is not valid any more; sign in again."


class WeakPassword(Invalid):
    """The password is too easy to guess."""

    code = "weak_password"
    message = "Choose a longer password, and not one that is made from your address."


@dataclass(frozen=True, slots=True)
class FullName:
    """What a person wants to be called."""

    MAX_LENGTH: ClassVar = 100

    value: str

    def __post_init__(self) -> None:
        if not self.value.strip() or len(self.value) > self.MAX_LENGTH:
            raise Invalid("full_name", f"must have 1 to {self.MAX_LENGTH} characters")


@dataclass(frozen=True, slots=True)
class Password:
    """A password as it was typed: any characters; only length and guessability count."""

    MIN_LENGTH: ClassVar = 12
    MAX_LENGTH: ClassVar = 128

    value: str = field(repr=False)

    @classmethod
    def chosen_for(cls, email: EmailAddress, text: str) -> Self:
        """Return the new password of an account. Raises WeakPassword if it is easy to guess."""
        if not cls.MIN_LENGTH <= len(text) <= cls.MAX_LENGTH:
            raise _weak(f"must have {cls.MIN_LENGTH} to {cls.MAX_LENGTH} characters")
        if len(set(text)) < cls.MIN_LENGTH // 2:
            raise _weak("must not repeat the same few characters")
        local_part = email.value.partition("@")[0]
        if text.casefold() in {email.value, local_part * 2, local_part}:
            raise _weak("must not be made from the e-mail address")
        return cls(text)


def _weak(rule: str) -> WeakPassword:
    return WeakPassword("password", rule, code="weak_password")


@dataclass(eq=False, kw_only=True, slots=True)
class User(AggregateRoot):
    """An account."""

    aggregate_type: ClassVar = "user"

    email: EmailAddress
    full_name: FullName
    password_hash: str = field(repr=False)
    roles: frozenset[Role] = frozenset({Role.USER})
    is_active: bool = True
    verified_at: dt.datetime | None = None

    @classmethod
    def register(
        cls, *, email: EmailAddress, full_name: FullName, password_hash: str, now: dt.datetime
    ) -> Self:
        """Return a new account, whose address is yet to be verified."""
        user = cls(
            email=email,
            full_name=full_name,
            password_hash=password_hash,
            created_at=now,
            updated_at=now,
        )
        user.record(UserRegistered(user_id=user.id))
        return user

    def verify(self, *, now: dt.datetime) -> None:
        """Accept that the address is its owner's; the second time changes nothing."""
        if self.verified_at is None:
            self.verified_at = self.updated_at = now
            self.record(UserVerified(user_id=self.id))

    def rename(self, full_name: FullName, *, now: dt.datetime) -> None:
        self.full_name, self.updated_at = full_name, now

    def grant(self, role: Role, *, now: dt.datetime) -> None:
        self.roles, self.updated_at = self.roles | {role}, now

    def deactivate(self, *, now: dt.datetime) -> None:
        """Close the account to its owner; the second time changes nothing."""
        if self.is_active:
            self.is_active, self.updated_at = False, now
            self.record(UserDeactivated(user_id=self.id))


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a sign-in lasts: unused, and in all."""

    idle: dt.timedelta
    in_all: dt.timedelta


@dataclass(eq=False, kw_only=True, slots=True)
class Session:
    """One sign-in on one device: the family of all refresh tokens that came of it."""

    id: UUID = field(default_factory=new_id)
    user_id: UUID
    started_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None = None

    @classmethod
    def start(cls, user_id: UUID, *, limits: SessionLimits, now: dt.datetime) -> Self:
        session = cls(user_id=user_id, started_at=now, expires_at=now)
        session.extend(limits=limits, now=now)
        return session

    def is_live(self, *, now: dt.datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    def extend(self, *, limits: SessionLimits, now: dt.datetime) -> None:
        """Reckon the idle time from now, but never past the time it may last in all."""
        self.expires_at = min(now + limits.idle, self.started_at + limits.in_all)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """An opaque secret, given out once; only its fingerprint is stored."""

    PREFIX: ClassVar = "rt_"

    secret: str = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        return cls(cls.PREFIX + secrets.token_urlsafe(32))

    @property
    def fingerprint(self) -> str:
        """SHA-256 is enough: the secret has 256 random bits, there is nothing to guess."""
        return hashlib.sha256(self.secret.encode()).hexdigest()
