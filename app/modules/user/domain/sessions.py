"""Sessions, and what continues each: refresh tokens, or a cookie."""

import base64
import datetime as dt
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import ClassVar, Self
from uuid import UUID

from app.core.exceptions import NotFound, Unauthenticated
from app.modules.user.domain.opaque_tokens import OpaqueToken
from app.shared.domain.base_entity import new_id


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is unknown, used, expired or revoked."""

    code = "invalid_refresh_token"
    message = "This refresh token is no longer valid; sign in again."


class SessionNotFound(NotFound):
    """The session does not exist, has ended, or belongs to another user."""

    code = "session_not_found"
    message = "You have no such session, or it has ended."


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts without use and in total, and how many one account may have."""

    idle: dt.timedelta
    in_all: dt.timedelta
    at_once: int = 100


@dataclass(eq=False, kw_only=True, slots=True)
class Session:
    """One sign-in on one device: the family of its refresh tokens, or a cookie."""

    id: UUID = field(default_factory=new_id)
    user_id: UUID
    started_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None = None
    last_used_at: dt.datetime | None = None
    client: str | None = None
    cookie_fingerprint: str | None = None

    @classmethod
    def start(
        cls,
        user_id: UUID,
        *,
        limits: SessionLimits,
        now: dt.datetime,
        client: str | None = None,
        cookie_fingerprint: str | None = None,
    ) -> Self:
        session = cls(
            user_id=user_id,
            started_at=now,
            expires_at=now,
            client=client,
            cookie_fingerprint=cookie_fingerprint,
        )
        session.extend(limits=limits, now=now)
        return session

    def is_live(self, *, now: dt.datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    def extend(self, *, limits: SessionLimits, now: dt.datetime) -> None:
        """Restart the idle time, within the total time that the session may last."""
        self.last_used_at = now
        self.expires_at = min(now + limits.idle, self.started_at + limits.in_all)


@dataclass(frozen=True, slots=True)
class RefreshToken(OpaqueToken):
    """Continues a session once: it is exchanged for the next pair of tokens."""

    PREFIX: ClassVar = "rt_"

    def successor(self, repeat_key: str, *, derived_with: str) -> "RefreshToken":
        """Return the next token for the caller's key, always the same one."""
        # The first words separate it from everything else that this key signs.
        spoken = f"refresh-successor-v1\0{self.secret}\0{repeat_key}".encode()
        derived = hmac.digest(derived_with.encode(), spoken, "sha256")
        return RefreshToken(self.PREFIX + base64.urlsafe_b64encode(derived).decode().rstrip("="))

    def fingerprint_with(self, repeat_key: str) -> str:
        """Return the stored fingerprint of the caller's key, bound to this token."""
        return hashlib.sha256(f"{self.secret}\0{repeat_key}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """A browser's credential: the id of its session, and a secret that only the browser has."""

    session_id: UUID
    secret: str = field(repr=False)

    @property
    def value(self) -> str:
        return f"{self.session_id.hex}.{self.secret}"

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """Return the presented cookie, None if it cannot be one of ours."""
        presented = re.fullmatch(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})", value)
        return cls(UUID(presented[1]), presented[2]) if presented else None

    @property
    def fingerprint(self) -> str:
        return self.fingerprint_of(self.secret)

    @staticmethod
    def make_secret() -> str:
        return secrets.token_urlsafe(32)

    @staticmethod
    def fingerprint_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()
