"""Backlogs of a size that takes days to come about: written straight into the table."""

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


async def fill(address: str, *, streams: int, in_one: int = 0) -> None:
    """Make so many deliveries ready, each in a stream of its own; before them others in one."""
    connection = await asyncpg.connect(address, command_timeout=300)
    try:
        await connection.execute(EACH_ITS_STREAM, streams)
        await connection.execute(ONE_STREAM, in_one)
        # As the server does by itself, within a minute.
        await connection.execute("VACUUM ANALYZE event_delivery")
    finally:
        await connection.close()
