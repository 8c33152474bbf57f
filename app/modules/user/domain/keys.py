"""API keys: the credentials of programs, and what they allow."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import ClassVar, Self
from uuid import UUID

from app.core.exceptions import Invalid, NotFound
from app.modules.user.domain.events import KeyMade
from app.shared.domain.base_entity import AggregateRoot


class KeyNotFound(NotFound):
    """The key does not exist, or belongs to another user."""

    code = "key_not_found"
    message = "You have no such API key."


@dataclass(frozen=True, slots=True)
class KeySecret:
    """The key itself, which is shown once; only its fingerprint is stored.

    It is `alk_`, twelve digits that identify it, and the secret. All keys have one form, which
    scanners for leaked secrets can find (`alk_[0-9a-f]{12}_[0-9a-f]{64}`).
    """

    PREFIX: ClassVar = "alk_"

    text: str = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        return cls(f"{cls.PREFIX}{secrets.token_hex(6)}_{secrets.token_hex(32)}")

    @property
    def prefix(self) -> str:
        """The part that may be shown and logged, to recognise the key."""
        return self.text.rpartition("_")[0]

    @property
    def fingerprint(self) -> str:
        """SHA-256 is enough: the secret has 256 random bits, so it cannot be guessed."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLimits:
    """When keys expire by default and at the latest, and how many one account may have."""

    usual: dt.timedelta
    longest: dt.timedelta
    per_account: int


@dataclass(eq=False, kw_only=True, slots=True)
class ApiKey(AggregateRoot):
    """A key of an account, for some of its permissions. It never changes."""

    aggregate_type: ClassVar = "api_key"
    MAX_NAME: ClassVar = 100
    MAX_SCOPES: ClassVar = 50

    user_id: UUID
    name: str
    prefix: str
    fingerprint: str = field(repr=False)
    scopes: frozenset[str]
    expires_at: dt.datetime
    last_used_at: dt.datetime | None = None

    @classmethod
    def make(
        cls,
        user_id: UUID,
        secret: KeySecret,
        *,
        name: str,
        scopes: frozenset[str],
        allowed: frozenset[str],
        expires_at: dt.datetime | None,
        limits: KeyLimits,
        now: dt.datetime,
    ) -> Self:
        """Return a new key.

        Raises Invalid if it has more permissions than its owner, or lasts too long.
        """
        if not scopes <= allowed:
            raise Invalid("scopes", "must be permissions that you have", code="not_allowed")
        end = now + limits.usual if expires_at is None else expires_at
        if not now < end <= now + limits.longest:
            rule = f"must be in the future, and at most {limits.longest.days} days from now"
            raise Invalid("expires_at", rule, code="out_of_range")
        key = cls(
            user_id=user_id,
            name=name,
            prefix=secret.prefix,
            fingerprint=secret.fingerprint,
            scopes=scopes,
            created_at=now,
            updated_at=now,
            expires_at=end,
        )
        key.record(KeyMade(user_id=user_id, key_id=key.id))
        return key
