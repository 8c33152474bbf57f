"""The ends of runs: recorded, and followed by what waits for them."""

from collections.abc import Sequence
from functools import partial

from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.delivery.batches import settle_batches
from app.shared.infrastructure.events.delivery.claims import Claim, held
from app.shared.infrastructure.events.delivery.gathering import Gathered
from app.shared.infrastructure.events.delivery.outcomes import TOGETHER


class Ends:
    """Records the ends of runs that end at about the same time by one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._finish = {
            statement: Gathered(partial(self._finish_all, statement)) for statement in TOGETHER
        }
        self._follow = Gathered(self._follow_each)

    async def finish(self, claim: Claim, statement: Statement) -> bool:
        """Record that a run is done, and return whether its claim was still ours."""
        return await self._finish[statement](claim)

    async def follow(self, claim: Claim) -> None:
        """See `follow_all`, for one run; together with others that end now."""
        await self._follow(claim)

    async def follow_all(self, claims: Sequence[Claim]) -> None:
        """Close the batches that end here, and unblock what waits behind these deliveries.

        Their ends are committed: this uses transactions of its own, which see them.
        """
        if not claims:
            return
        await settle_batches(self._database, [claim.batch_id for claim in claims])
        ended = {"ids": [claim.id for claim in claims]}
        # Usually nothing waits, and a read costs less than a write.
        for row in await self._database.fetch_all(deliveries.WAITING_IN, ended):
            await self.unblock(row["handler"], row["stream_id"])

    async def unblock(self, handler: str, stream: object) -> None:
        """Unblock the next delivery of a stream, if nothing before it is unfinished."""
        params = {"of_handler": handler, "of_stream": stream}
        await self._database.execute(deliveries.UNBLOCK_NEXT, params)

    async def _finish_all(self, statement: Statement, claims: Sequence[Claim]) -> list[bool]:
        rows = await self._database.execute_returning(statement, held(claims))
        finished = {row["id"] for row in rows}
        return [claim.id in finished for claim in claims]

    async def _follow_each(self, claims: Sequence[Claim]) -> list[None]:
        await self.follow_all(claims)
        return [None] * len(claims)
