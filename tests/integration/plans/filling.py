"""A hundred thousand rows in every table that grows, distributed as after a year of use."""

import asyncio
import datetime as dt
from collections.abc import Iterable
from typing import Final
from uuid import UUID

import asyncpg

from tests.support.filling import ID, MINUTES_AGO, OWNER, ROWS, as_id

MODULE: Final = "note"  # one that need not exist: nothing here checks it
CREATED: Final = f"{MODULE}.created"
HANDLER: Final = f"{MODULE}.tell_owner"
ANOTHER_HANDLER: Final = f"{MODULE}.mail_owner"
JOB: Final = 50_001  # the number of the event that is one
FAILED_BATCH: Final = UUID(int=101)  # an open one of ten jobs, of which one failed
DONE_BATCH: Final = UUID(int=111)
PAUSED: Final = f"{MODULE}.mail_weekly"

# The database creates them itself: only these statements are sent.
_IDEMPOTENCY_KEYS = f"""
INSERT INTO idempotency_key
SELECT {OWNER}, 'POST /api/v1/notes', 'key-' || n, 'fingerprint', 201, '[]', '{{}}',
    {MINUTES_AGO} FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
# Each aggregate has two events, each event one delivery, in its aggregate's stream; only the oldest
# events have none any more. What is not done yet is at the end: of ten streams there each holds
# another state, and what waits behind it.
_EVENTS = f"""
INSERT INTO event_log (event_id, event_type, schema_version, module, aggregate_type, aggregate_id,
    aggregate_version, ordinal, payload, occurred_at, recorded_at)
SELECT {ID}, CASE WHEN n % 2 = 0 THEN '{MODULE}.changed' ELSE '{CREATED}' END, 1, '{MODULE}',
    CASE WHEN n = {JOB} THEN 'job' ELSE 'note' END,
    {as_id("(n + 1) / 2")}, 2 - n % 2, 0, '{{}}', {MINUTES_AGO}, {MINUTES_AGO}
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_STATE = f"""
    CASE WHEN n <= {ROWS} * 0.98 THEN
        CASE WHEN n % 5000 = 9 THEN 7 WHEN n % 100 = 7 THEN 6 ELSE 3 END
    ELSE (ARRAY[[0, 0], [0, 4], [1, 4], [2, 4], [3, 4], [5, 4], [3, 0], [3, 3], [2, 8], [6, 6]])
        [1 + (n + 1) / 2 % 10][2 - n % 2] END
"""
# Of what is claimed half the leases are over; a quarter of what is ready waits for its time.
_LATER = "state = 1 AND n % 40 = 3 OR state = 0 AND n % 40 = 0"
_DELIVERIES = f"""
INSERT INTO event_delivery (event_id, handler, stream_id, stream_position, state, token,
    attempts, max_attempts, blocks_when_dead, due_at, due_set_at, worker_id, done_at,
    job_key, batch_id)
SELECT {as_id("CASE WHEN n <= 110 THEN n + 200 ELSE n END")},
    CASE WHEN n <= 110 THEN '{MODULE}.archive' WHEN (n + 1) / 2 % 3 = 0 THEN '{ANOTHER_HANDLER}'
        ELSE '{HANDLER}' END,
    {as_id("(n + 1) / 2")}, (2 - n % 2) * 1024, state, 1, 1, 3, true,
    {MINUTES_AGO} + CASE WHEN {_LATER} THEN interval '1 year' ELSE '0' END,
    {MINUTES_AGO} + CASE WHEN {_LATER} THEN interval '364 days' ELSE '0' END,
    CASE WHEN state = 1 THEN 'host:boot:1' END, CASE WHEN state IN (3, 6, 7) THEN {MINUTES_AGO} END,
    CASE WHEN state IN (0, 1, 4) THEN 'key-' || n END, {as_id("n - n % 10 + 1")}
FROM (SELECT n, {_STATE} AS state FROM generate_series(1, {ROWS}) AS n) AS made
"""  # noqa: S608
_ATTEMPTS = f"""
INSERT INTO event_attempt
SELECT n, 1, 1, 'host:boot:1', now(), 'Refused', 'it is closed', ''
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608


_JOB_STATES = f"""
INSERT INTO job_state SELECT n, '[1]', 1, 2, '[2]' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_JOB_CANCELS = f"""
INSERT INTO job_cancel SELECT n FROM generate_series(1, {ROWS} * 99 / 100) AS n
"""  # noqa: S608
_JOB_BATCHES = f"""
INSERT INTO job_batch
SELECT {as_id("n")}, '{{}}', NULL, CASE WHEN n % 100 NOT IN (1, 11) THEN {MINUTES_AGO} END
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_PAUSES = f"""
INSERT INTO event_handler VALUES ('{PAUSED}', now())
"""  # noqa: S608
SETTLED_UNTIL: Final = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
_SCHEDULES = f"""
INSERT INTO schedule_state VALUES ('event.forget_events', '{SETTLED_UNTIL}', 'every 1:00:00')
"""  # noqa: S608
FILLS: Final = (
    _DELIVERIES,
    _EVENTS,
    _IDEMPOTENCY_KEYS,
    _ATTEMPTS,
    _JOB_STATES,
    _JOB_CANCELS,
    _JOB_BATCHES,
    _PAUSES,
    _SCHEDULES,
)

# Keys and indexes are built after the rows, as when a dump is restored: maintaining them for each
# row would take four times as long. Foreign keys are dropped first and added last.
_CONSTRAINTS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
        pg_get_constraintdef(oid)) AS add, contype = 'f' AS is_foreign
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'p', 'u')
ORDER BY is_foreign DESC
"""
_INDEXES = """
SELECT format('DROP INDEX %I', indexname) AS drop, indexdef AS add, false AS is_foreign
FROM pg_indexes WHERE schemaname = 'public'
"""
_ANALYZE = """
SELECT format('ANALYZE %I', tablename) AS statement FROM pg_tables WHERE schemaname = 'public'
"""


async def fill(address: str, fills: Iterable[str]) -> None:
    """Fill an empty database, and update its statistics."""
    async with asyncpg.create_pool(address, min_size=2, max_size=2) as pool:

        async def run(statements: Iterable[str]) -> None:
            await asyncio.gather(*(pool.execute(statement) for statement in statements))

        dropped = await _drop(pool, _CONSTRAINTS) + await _drop(pool, _INDEXES)
        await run(fills)
        await run(each["add"] for each in dropped if not each["is_foreign"])
        await run(each["add"] for each in dropped if each["is_foreign"])
        await run(row["statement"] for row in await pool.fetch(_ANALYZE))


async def _drop(pool: asyncpg.Pool, which: str) -> list[asyncpg.Record]:
    found = await pool.fetch(which)
    for each in found:
        await pool.execute(each["drop"])
    return found
