"""Demo data: every module brings its own."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(slots=True)
class DemoData:
    """What the modules before have written, for those that follow."""

    user_ids: list[UUID] = field(default_factory=list)
    """The accounts of demo people."""


class Seed(Protocol):
    async def __call__(self, demo: DemoData, /) -> str:
        """Write what is missing, the same each time; return a sentence that says what it was."""
        ...
