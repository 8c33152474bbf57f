"""Secrets that are shown once and stored as fingerprints only."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True)
class OpaqueToken:
    """256 random bits behind a prefix, by which people and scanners recognise a token."""

    PREFIX: ClassVar[str]

    secret: str = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        return cls(cls.PREFIX + secrets.token_urlsafe(32))

    @property
    def fingerprint(self) -> str:
        """SHA-256 is enough: the secret has 256 random bits, so it cannot be guessed."""
        return hashlib.sha256(self.secret.encode()).hexdigest()
