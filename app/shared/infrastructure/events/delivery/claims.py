"""Claims: what a process knows of the deliveries that are its own for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


class ClaimLost(Exception):
    """Our lease ended and another process claimed the delivery: nothing of ours may stay."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours until its lease ends."""

    id: int
    token: int
    attempts: int
    state: int
    handler: str
    stream_id: UUID
    batch_id: UUID | None = None

    @property
    def held(self) -> dict[str, int]:
        """What every change of it names."""
        return {"held": self.id, "with_token": self.token}


def held(claims: Sequence[Claim]) -> dict[str, Any]:
    """Name several claims with their tokens: see `deliveries.are_held`."""
    return {
        "ids": [claim.id for claim in claims],
        "with_tokens": [f"{claim.id}:{claim.token}" for claim in claims],
    }
