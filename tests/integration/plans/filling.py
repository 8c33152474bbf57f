"""A hundred thousand rows in every table that grows, spread as a year of use would spread them."""

import asyncio
from collections.abc import Iterable
from typing import Final

import asyncpg

ROWS: Final = 100_000
OWNERS: Final = 1_000
HANDLER: Final = "task.tell_assigned"
ANOTHER_HANDLER: Final = "task.mail_due_soon"
PAUSED: Final = "task.mail_weekly"

# The database makes them all itself: nothing but these statements goes over the wire. The dice
# are the same each time, and so are the ids: row n has the id n, written as a UUID.
_IDS = "lpad(to_hex({}), 32, '0')::uuid"
_ID, _OWNER = _IDS.format("n"), _IDS.format(f"1 + n % {OWNERS}")
_MINUTES_AGO = f"now() - ({ROWS} - n) * interval '1 minute'"

_TASKS = f"""
SELECT setseed(0.5);
INSERT INTO task (id, version, created_at, updated_at, owner_id, assignee_id, title, description,
    status, priority, labels, due_at, due_order, reminded_for, completed_at, deleted_at)
SELECT {_ID}, 1, born, born, {_OWNER},
    CASE WHEN a < 0.2 THEN {_IDS.format(f"(1 + floor(b * {OWNERS}))::int")} END,
    'Check the roof (' || n || ')', 'It leaks where the chimney stands, and only in winter.',
    CASE WHEN c < 0.5 THEN 'open' WHEN c < 0.7 THEN 'in_progress' WHEN c < 0.95 THEN 'done'
        ELSE 'cancelled' END,
    floor(d * 4), jsonb_build_array((ARRAY['garden', 'house', 'inside'])[1 + n / 7 % 3]),
    due, coalesce(due, '9999-12-31Z'), CASE WHEN due < now() THEN due END,
    CASE WHEN c >= 0.7 AND c < 0.95 THEN born END, CASE WHEN n / 1000 % 50 = 7 THEN born END
FROM (SELECT n, {_MINUTES_AGO} AS born, random() AS a, random() AS b, random() AS c, random() AS d,
    CASE WHEN random() < 0.7 THEN now() + (random() - 0.5) * interval '1 year' END
    AS due FROM generate_series(1, {ROWS}) AS n) AS made
"""  # noqa: S608 - all of it is written here, as below
_USERS = f"""
INSERT INTO "user" (id, version, created_at, updated_at, email, full_name, password_hash, roles,
    is_active, verified_at)
SELECT {_ID}, 1, {_MINUTES_AGO}, now(), 'ana.' || n || '@example.com', 'Ana Example', 'hash',
    CASE WHEN n % 20000 = 0 THEN '["admin", "user"]' ELSE '["user"]' END::jsonb, true, now()
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_SESSIONS = f"""
INSERT INTO user_session (id, user_id, started_at, expires_at, revoked_at, last_used_at, client,
    cookie_fingerprint)
SELECT {_ID}, {_IDS.format("1 + n % 50000")}, {_MINUTES_AGO}, now() + n * interval '1 minute',
    CASE WHEN n % 10 = 0 THEN now() END, {_MINUTES_AGO}, 'Firefox on Linux',
    CASE WHEN n % 10 = 1 THEN 'cookie-' || n END
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_REFRESH_TOKENS = f"""
INSERT INTO refresh_token (fingerprint, session_id, spent_at, repeat_fingerprint)
SELECT 'token-' || n, {_ID}, CASE WHEN n % 2 = 0 THEN now() END, 'repeat-' || n
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_ONE_TIME_TOKENS = f"""
INSERT INTO one_time_token (fingerprint, kind, user_id, email, password_version, expires_at)
SELECT 'token-' || n, 'reset', {_ID}, 'ana.' || n || '@example.com', 1,
    now() + n * interval '1 second' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_REGISTRATIONS = f"""
INSERT INTO registration (id, version, created_at, updated_at, email, email_key, full_name,
    password_hash)
SELECT {_ID}, 1, {_MINUTES_AGO}, now(), 'ana.' || n || '@example.com',
    'ana.' || n || '@example.com', 'Ana Example', 'hash' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_REGISTRATION_TOKENS = f"""
INSERT INTO registration_token
SELECT 'token-' || n, {_ID}, now() + n * interval '1 minute' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_API_KEYS = f"""
INSERT INTO api_key (id, user_id, name, prefix, fingerprint, scopes, created_at, expires_at)
SELECT {_ID}, {_IDS.format("1 + n % 50000")}, 'ci', 'key-' || n, 'key-' || n,
    '["tasks:read"]', now(), now() + n * interval '1 minute' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_IDEMPOTENCY_KEYS = f"""
INSERT INTO idempotency_key
SELECT {_OWNER}, 'POST /api/v1/tasks', 'key-' || n, 'fingerprint', 201, '[]', '{{}}',
    {_MINUTES_AGO} FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
# Half of the tasks have two events, each event one delivery, in the task's lane; only the oldest
# events have none any more. What is not done yet is at the end: of ten lanes there each holds
# another state, and what waits behind it.
_EVENTS = f"""
INSERT INTO event_log (event_id, event_type, schema_version, module, aggregate_type, aggregate_id,
    aggregate_version, ordinal, payload, occurred_at, recorded_at)
SELECT {_ID}, CASE WHEN n % 2 = 0 THEN 'task.assigned' ELSE 'task.created' END, 1, 'task', 'task',
    {_IDS.format("(n + 1) / 2")}, 2 - n % 2, 0, '{{}}', {_MINUTES_AGO}, {_MINUTES_AGO}
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_STATE = f"""
    CASE WHEN n <= {ROWS} * 0.98 THEN CASE WHEN n % 100 = 7 THEN 6 ELSE 3 END
    ELSE (ARRAY[[0, 0], [0, 4], [1, 4], [2, 4], [3, 4], [5, 4], [3, 0], [3, 3], [3, 3], [6, 6]])
        [1 + (n + 1) / 2 % 10][2 - n % 2] END
"""
_DELIVERIES = f"""
INSERT INTO event_delivery (event_id, handler, lane, lane_seq, state, token, attempts,
    max_attempts, blocks_when_dead, due_at, due_set_at, owner, done_at)
SELECT {_IDS.format("CASE WHEN n <= 110 THEN n + 200 ELSE n END")},
    CASE WHEN n <= 110 THEN 'task.archive' WHEN (n + 1) / 2 % 3 = 0 THEN '{ANOTHER_HANDLER}'
        ELSE '{HANDLER}' END,
    {_IDS.format("(n + 1) / 2")}, (2 - n % 2) * 1024, state, 1, 1, 3, true,
    {_MINUTES_AGO} + CASE WHEN state = 1 THEN interval '1 year' ELSE '0' END,
    {_MINUTES_AGO} + CASE WHEN state = 1 THEN interval '364 days' ELSE '0' END,
    CASE WHEN state = 1 THEN 'host:boot:1' END, CASE WHEN state IN (3, 6) THEN {_MINUTES_AGO} END
FROM (SELECT n, {_STATE} AS state FROM generate_series(1, {ROWS}) AS n) AS made
"""  # noqa: S608
_ATTEMPTS = f"""
INSERT INTO event_attempt
SELECT n, 1, 1, 'host:boot:1', now(), 'Refused', 'it is closed', ''
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608


_PAUSES = f"""
INSERT INTO event_pause VALUES ('{PAUSED}', now())
"""  # noqa: S608
_SCHEDULES = """
INSERT INTO schedule_state VALUES ('event.forget_events', now() - interval '1 hour')
"""
_FILLS: Final = (
    _TASKS,
    _DELIVERIES,
    _USERS,
    _SESSIONS,
    _EVENTS,
    _REFRESH_TOKENS,
    _ONE_TIME_TOKENS,
    _REGISTRATIONS,
    _REGISTRATION_TOKENS,
    _API_KEYS,
    _IDEMPOTENCY_KEYS,
    _ATTEMPTS,
    _PAUSES,
    _SCHEDULES,
)

# Keys and indexes are built over the rows when all are there, as a dump is restored: to keep them
# up with each row would take four times as long. Foreign keys go first, and come last.
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


async def fill(address: str) -> None:
    """Fill an empty database, and have it know what is in it."""
    async with asyncpg.create_pool(address, min_size=2, max_size=2) as pool:

        async def run(statements: Iterable[str]) -> None:
            await asyncio.gather(*(pool.execute(statement) for statement in statements))

        dropped = await _drop(pool, _CONSTRAINTS) + await _drop(pool, _INDEXES)
        await run(_FILLS)
        await run(each["add"] for each in dropped if not each["is_foreign"])
        await run(each["add"] for each in dropped if each["is_foreign"])
        await run(row["statement"] for row in await pool.fetch(_ANALYZE))


async def _drop(pool: asyncpg.Pool, which: str) -> list[asyncpg.Record]:
    found = await pool.fetch(which)
    for each in found:
        await pool.execute(each["drop"])
    return found
