"""The repository of aggregates that belong to one user each."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import bindparam, select

from app.shared.infrastructure.base_repository import Aggregate, BaseRepository
from app.shared.infrastructure.database.statement import Statement


class OwnedRepository(BaseRepository[Aggregate]):
    """A BaseRepository whose table has a column `owner_id`. Others' aggregates are not found."""

    OWN: ClassVar[Statement]
    """Reads the row with an `id` that belongs to `owner_id`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        c = cls.table.c
        is_own = (c.id == bindparam("id")) & (c.owner_id == bindparam("owner_id"))
        cls.OWN = Statement(select(cls.table).where(is_own))

    async def get_for(self, owner_id: UUID, id: UUID, /, *, version: int | None) -> Aggregate:
        """Return the owner's aggregate.

        Raises `not_found`, and StaleVersion if the client saw another version.
        """
        return self._checked(await self._find(self.OWN, id=id, owner_id=owner_id), version=version)
