"""The rows that all contestants read, made inside PostgreSQL: the same ones each time."""

import datetime as dt
import random
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from app.core.security import AccessTokens
from app.shared.domain.base_entity import new_id

TASKS_EACH: Final = 1_000
CALLERS: Final = 100
LIFETIME: Final = dt.timedelta(minutes=60)

# Version 7 of RFC 9562, in the order of n, and the rest of it drawn from n: as the service makes
# ids, new ones lie beside one another in the index.
_ID: Final = """
CREATE FUNCTION pg_temp.id_of(n bigint, kind text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1767225600000 + n), 12, '0') || '7' || substr(md5(kind || n), 1, 3)
        || '8' || substr(md5(kind || n), 4, 15))::uuid
$$
"""
_USERS: Final = """
INSERT INTO "user" (id, version, created_at, updated_at, email, full_name, password_hash, roles,
    is_active, verified_at, password_version)
SELECT pg_temp.id_of(n, 'user'), 1, '2026-01-01Z', '2026-01-01Z', 'user' || n || '@example.com',
    'Ana Example', '!', '["user"]', true, '2026-01-01Z', 1
FROM generate_series($1::int, $2::int) AS n
"""
_TASKS: Final = """
INSERT INTO task (id, version, created_at, updated_at, owner_id, title, description, status,
    priority, labels, due_at, due_order)
SELECT pg_temp.id_of(n, 'task'), 1, made_at, made_at, owner, 'Lay the foundation (' || n || ')',
    'As drawn, and before the frost.', 'open', n % 4, '["garden", "house"]', due_at,
    coalesce(due_at, '9999-12-31Z')
FROM (
    SELECT n, pg_temp.id_of($3 + n % $4, 'user') AS owner,
        timestamptz '2026-01-01Z' + n * interval '1 second' AS made_at,
        CASE WHEN n % 2 = 0 THEN timestamptz '2027-01-01Z' + n * interval '1 second' END AS due_at
    FROM generate_series($1::bigint, $2::bigint) AS n
) AS numbered
"""
_SOME_TASKS: Final = """
SELECT id, owner_id FROM task WHERE owner_id = ANY($1::uuid[]) ORDER BY id
"""
_START_SESSION: Final = """
INSERT INTO user_session (id, user_id, started_at, expires_at)
VALUES ($1, $2, now(), now() + interval '1 day')
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is signed in."""

    user_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Data:
    """What is in a database, and who may ask for what of it."""

    callers: list[Caller]
    tasks: list[tuple[Caller, UUID]]
    """In no order."""
    hoarder: Caller
    """Somebody with a list that is long enough for the deepest page."""


async def fill(address: str, *, tasks: int, long_list: int, tokens: AccessTokens) -> Data:
    """Make tasks, a thousand of each owner, and so many more of one; sign some owners in."""
    connection = await asyncpg.connect(address, command_timeout=600)
    owners = tasks // TASKS_EACH
    try:
        await connection.execute(_ID)
        await connection.execute(_USERS, 0, owners)
        await connection.execute(_TASKS, 1, tasks, 0, owners)
        await connection.execute(_TASKS, tasks + 1, tasks + long_list, owners, 1)
        # As the server does by itself, within a minute.
        await connection.execute('VACUUM (ANALYZE) task, "user"')
        await connection.execute("CHECKPOINT")
        *others, last = await connection.fetch('SELECT id FROM "user" ORDER BY id')
        callers = [await _sign_in(connection, tokens, row["id"]) for row in others[:CALLERS]]
        hoarder = await _sign_in(connection, tokens, last["id"])
        return Data(callers, await _tasks_of(connection, callers), hoarder)
    finally:
        await connection.close()


async def _sign_in(connection: asyncpg.Connection, tokens: AccessTokens, user_id: UUID) -> Caller:
    session_id = new_id()
    await connection.execute(_START_SESSION, session_id, user_id)
    return Caller(user_id, tokens.issue(user_id=user_id, session_id=session_id))


async def _tasks_of(
    connection: asyncpg.Connection, callers: list[Caller]
) -> list[tuple[Caller, UUID]]:
    by_id = {caller.user_id: caller for caller in callers}
    rows = await connection.fetch(_SOME_TASKS, list(by_id))
    tasks = [(by_id[row["owner_id"]], row["id"]) for row in rows]
    random.Random(0).shuffle(tasks)  # noqa: S311 - the same each time, nothing secret
    return tasks
