"""Migrations that change rows, and not the shape of tables alone."""

import asyncio
from typing import Any, Final

from sqlalchemy import text

from app.shared.infrastructure.database.migrate import upgrade
from tests.support.anybody import connected, run

ACCOUNTS: Final = """
INSERT INTO "user" (id, version, created_at, updated_at, email, full_name, password_hash, roles,
    is_active, verified_at)
VALUES ('00000000000000000000000000000001', 3, '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00',
    'waiting@example.com', 'Ana', 'a hash', '[]', true, NULL),
    ('00000000000000000000000000000002', 3, '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00',
    'ana@example.com', 'Ana', 'a hash', '[]', true, '2026-01-02 00:00:00+00')
"""
KEY: Final = """
INSERT INTO api_key (id, user_id, name, prefix, fingerprint, scopes, created_at)
VALUES ('00000000000000000000000000000003', '00000000000000000000000000000002', 'ci', 'alk_1', 'f',
    '[]', '2026-01-01 00:00:00+00')
"""


async def found(address: str, statement: str) -> list[Any]:
    async with connected(address) as database:
        return [tuple(row) for row in await database.execute(text(statement))]


async def test_accounts_that_nobody_verified_become_registrations(empty_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_url, "0011")
    await run(empty_url, ACCOUNTS)
    await asyncio.to_thread(upgrade, empty_url, "0012")
    waiting = await found(empty_url, "SELECT email, email_key, password_hash FROM registration")
    assert waiting == [("waiting@example.com", "waiting@example.com", "a hash")]
    assert await found(empty_url, 'SELECT email FROM "user"') == [("ana@example.com",)]


async def test_an_api_key_without_an_end_gets_one(empty_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_url, "0008")
    await run(empty_url, ACCOUNTS)
    await run(empty_url, KEY)
    await asyncio.to_thread(upgrade, empty_url, "0009")
    [(end,)] = await found(empty_url, "SELECT expires_at FROM api_key")
    assert end is not None
