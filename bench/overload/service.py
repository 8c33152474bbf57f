"""The service with notes, and with an address whose time is spent in the database.

python -m bench.overload.service serve
"""

from typing import Final

from sqlalchemy import func, select

from app.core.http.routing import API, ApiRouter
from app.core.http.service import Service
from app.core.security import AUTHENTICATED
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.statement import Statement
from tests.modules.note.container import ContainerWithNotes
from tests.modules.note.process import main

SLEEP_SECONDS: Final = 0.05
SLEEP_PATH: Final = f"{API}/sleep"
SLEEP: Final = Statement(select(func.pg_sleep(SLEEP_SECONDS)))


class SleepController:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def sleep(self) -> str:
        """Hold a connection to the database for a while."""
        await self._database.fetch_one(SLEEP, {})
        return "slept"


class OverloadContainer(ContainerWithNotes):
    @classmethod
    def extend(cls, app: Service) -> None:
        router = ApiRouter()
        database = app.state.container.database()
        router.get(SLEEP_PATH, SleepController(database).sleep, access=AUTHENTICATED)
        app.add(router)


if __name__ == "__main__":
    main(OverloadContainer)
