"""Secrets that are given out once and stored as nothing but their fingerprints."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True)
class OpaqueToken:
    """256 random bits behind a prefix that tells people, and scanners, what they found."""

    PREFIX: ClassVar[str]

    secret: str = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        return cls(cls.PREFIX + secrets.token_urlsafe(32))

    @property
    def fingerprint(self) -> str:
        """SHA-256 is enough: the secret has 256 random bits, there is nothing to guess."""
        return hashlib.sha256(self.secret.encode()).hexdigest()
