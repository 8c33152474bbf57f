"""Backlogs of a size that takes days to come about: written straight into the table."""

from collections.abc import Mapping
from typing import Final

import asyncpg

EACH_ITS_STREAM: Final = """
INSERT INTO event_delivery (event_id, handler, stream_id, stream_position, state, token,
    attempts, max_attempts, blocks_when_dead, due_at)
SELECT gen_random_uuid(), 'bench.take_note', gen_random_uuid(), 1024, 0, 0, 0, 10, true,
    now() - make_interval(secs => ($1::int - n) / 1000.0)
FROM generate_series(1, $1) AS n
"""
ONE_STREAM: Final = """
INSERT INTO event_delivery (event_id, handler, stream_id, stream_position, state, token,
    attempts, max_attempts, blocks_when_dead, due_at)
SELECT gen_random_uuid(), 'bench.take_note', '00000000-0000-0000-0000-000000000001', 1024 * n,
    0, 0, 0, 10, true, now() - interval '1 day' + make_interval(secs => n / 1000.0)
FROM generate_series(1, $1) AS n
"""

BEHIND_DEAD_HEADS: Final = """
INSERT INTO event_delivery (event_id, handler, stream_id, stream_position, state, token,
    attempts, max_attempts, blocks_when_dead, due_at)
SELECT gen_random_uuid(), 'bench.note', stream.id, place, state, 1, 3, 3, true, now()
FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $1)) AS stream,
    (VALUES (1, 2), (2, 8)) AS row (place, state)
"""
DUE_TOMORROW: Final = """
INSERT INTO event_delivery (event_id, handler, stream_id, stream_position, state, token,
    attempts, max_attempts, blocks_when_dead, job_key, due_at)
SELECT gen_random_uuid(), 'bench.note', gen_random_uuid(), 0, 0, 0, 0, 10, true,
    'key ' || n, now() + interval '1 day'
FROM generate_series(1, $1) AS n
"""
"""The keys are `key 1` to `key $1`."""


async def fill(address: str, statements: Mapping[str, int]) -> None:
    """Run each statement with its number of rows or streams."""
    connection = await asyncpg.connect(address, command_timeout=300)
    try:
        for statement, count in statements.items():
            await connection.execute(statement, count)
        # As the server does by itself, within a minute.
        await connection.execute("VACUUM ANALYZE event_delivery")
    finally:
        await connection.close()
