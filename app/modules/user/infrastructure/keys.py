"""Storage of API keys."""

import datetime as dt
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update

from app.core.exceptions import QuotaExceeded
from app.modules.user.application.dto import KeyState, KeyView
from app.modules.user.domain.keys import ApiKey
from app.modules.user.infrastructure.tables import api_key, user
from app.shared.infrastructure.database.batches import delete_batch
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector

# Adding a key locks its owner's row, so that concurrent new keys are counted one by one.
LOCK_OWNER = Statement(
    select(user.c.id)
    .where(
        user.c.id == bindparam("of_user"),
        user.c.password_version == bindparam("password_version"),
        user.c.is_active,
    )
    .with_for_update()
)
COUNT_OF_USER = Statement(
    select(func.count().label("count"))
    .select_from(api_key)
    .where(api_key.c.user_id == bindparam("of_user"))
)
COLUMNS = api_key.columns.keys()
ADD = Statement(insert(api_key), columns=COLUMNS)
RECORD_USE = Statement(
    update(api_key).where(api_key.c.id == bindparam("key_id")), columns=["last_used_at"]
)
DELETE = Statement(
    delete(api_key).where(
        api_key.c.id == bindparam("key_id"), api_key.c.user_id == bindparam("of_user")
    )
)
DELETE_OF_USER = Statement(delete(api_key).where(api_key.c.user_id == bindparam("of_user")))
PURGE = delete_batch(api_key, lambda c: c.expires_at < bindparam("before"), "expires_at")

_SHOWN = [column for column in api_key.columns if column.name not in {"user_id", "fingerprint"}]
OF_USER = Statement(
    select(*_SHOWN)
    .where(api_key.c.user_id == bindparam("of_user"))
    .order_by(api_key.c.created_at, api_key.c.id)
)
STATE = Statement(
    select(
        api_key.c.id,
        api_key.c.user_id,
        api_key.c.scopes,
        api_key.c.expires_at,
        api_key.c.last_used_at,
        user.c.roles,
    )
    .join(user, (user.c.id == api_key.c.user_id) & user.c.is_active)
    .where(api_key.c.fingerprint == bindparam("presented"))
)


class SqlKeyRepository:
    def __init__(self, connection: Connection, events: EventCollector) -> None:
        self._connection, self._events = connection, events

    async def add(self, key: ApiKey, /, *, password_version: int, most: int) -> bool:
        owner = {"of_user": key.user_id}
        expected = {"password_version": password_version}
        if await self._connection.fetch_one(LOCK_OWNER, owner | expected) is None:
            return False
        counted = await self._connection.fetch_one(COUNT_OF_USER, owner)
        if counted is not None and counted["count"] >= most:
            detail = (
                f"You have {most} API keys, which is the limit of an account: delete one first."
            )
            raise QuotaExceeded("api_keys", most, detail)
        row = {column: getattr(key, column) for column in COLUMNS}
        await self._connection.execute(ADD, {**row, "scopes": sorted(key.scopes)})
        key.version += 1
        self._events.collect(key)
        return True

    async def record_use(self, key_id: UUID, /, *, now: dt.datetime) -> None:
        await self._connection.execute(RECORD_USE, {"key_id": key_id, "last_used_at": now})

    async def delete(self, user_id: UUID, key_id: UUID, /) -> bool:
        deleted = {"of_user": user_id, "key_id": key_id}
        return await self._connection.execute(DELETE, deleted) == 1

    async def delete_all(self, user_id: UUID, /) -> None:
        await self._connection.execute(DELETE_OF_USER, {"of_user": user_id})

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        return await self._connection.execute(PURGE, {"before": before, "most": most})


class SqlKeyReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self, fingerprint: str, /) -> KeyState | None:
        row = await self._database.fetch_one(STATE, {"presented": fingerprint})
        if row is None:
            return None
        sets = {name: frozenset(row[name]) for name in ("scopes", "roles")}
        return KeyState(**{**row, **sets})

    async def of_user(self, user_id: UUID, /) -> list[KeyView]:
        rows = await self._database.fetch_all(OF_USER, {"of_user": user_id})
        return [KeyView(**row) for row in rows]
