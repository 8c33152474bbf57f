"""API keys: what a program of somebody's proves itself with, and what it may do with that."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import ClassVar, Self
from uuid import UUID

from app.core.exceptions import Conflict, Invalid, NotFound
from app.shared.domain.base_entity import new_id


class TooManyKeys(Conflict):
    """An account has as many keys as it may have."""

    code = "too_many_keys"
    message = "You have as many API keys as an account may have; delete one first."


class KeyNotFound(NotFound):
    """There is no such key, or it is somebody else's."""

    code = "key_not_found"
    message = "You have no such API key."


@dataclass(frozen=True, slots=True)
class KeySecret:
    """The key itself, shown once; only its fingerprint is stored.

    `alk_`, twelve digits that name it, and the secret: of one shape, which scanners for leaked
    secrets can look for (`alk_[0-9a-f]{12}_[0-9a-f]{64}`).
    """

    PREFIX: ClassVar = "alk_"

    text: str = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        return cls(f"{cls.PREFIX}{secrets.token_hex(6)}_{secrets.token_hex(32)}")

    @property
    def prefix(self) -> str:
        """What may be shown and logged, to know the key again."""
        return self.text.rpartition("_")[0]

    @property
    def fingerprint(self) -> str:
        """SHA-256 is enough: the secret has 256 random bits, there is nothing to guess."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(eq=False, kw_only=True, slots=True)
class ApiKey:
    """A key of an account, for some of what the account may do."""

    MAX_NAME: ClassVar = 100
    MAX_SCOPES: ClassVar = 50
    MAX_PER_ACCOUNT: ClassVar = 50

    id: UUID = field(default_factory=new_id)
    user_id: UUID
    name: str
    prefix: str
    fingerprint: str = field(repr=False)
    scopes: frozenset[str]
    created_at: dt.datetime
    expires_at: dt.datetime | None
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
        now: dt.datetime,
    ) -> Self:
        """Return a new key. Raises Invalid if it would outdo its owner, or be of no use."""
        if not scopes <= allowed:
            raise Invalid("scopes", "must be permissions that you have", code="not_allowed")
        if expires_at is not None and expires_at <= now:
            raise Invalid("expires_at", "must lie in the future", code="out_of_range")
        return cls(
            user_id=user_id,
            name=name,
            prefix=secret.prefix,
            fingerprint=secret.fingerprint,
            scopes=scopes,
            created_at=now,
            expires_at=expires_at,
        )
