"""Demo data: each module has its own."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(slots=True)
class DemoData:
    """What earlier modules have written, for later ones."""

    user_ids: list[UUID] = field(default_factory=list)
    """The accounts of the demo users."""


class Seed(Protocol):
    async def __call__(self, demo: DemoData, /) -> str:
        """Write the missing data, the same in each run; return a sentence about it."""
        ...
