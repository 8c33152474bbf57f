"""The limit: a bare ASGI function, the driver, and a token check made by hand. No framework."""

import base64
import hmac
import time
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.http.contestants.common import (
    DEFAULT_LIMIT,
    PAGE_SQL,
    READ_SQL,
    add,
    key,
    open_pool,
    page,
    shown,
)

TASKS: Final = "/api/v1/tasks"
JSON: Final = [(b"content-type", b"application/json")]


class Refused(Exception):
    """Nobody may do that, or there is no such thing."""

    def __init__(self, status: int) -> None:
        self.status = status


def create_app() -> ASGIApp:
    secret = key().encode()
    pool: asyncpg.Pool

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            nonlocal pool
            await receive()
            pool = await open_pool(_leave_as_it_is)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        try:
            status, answer = await _answer(scope, receive, pool, secret)
        except Refused as refused:
            status, answer = refused.status, None
        body = orjson.dumps(answer, default=str)  # the driver's own kind of UUID
        headers = [*JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _answer(
    scope: Scope, receive: Receive, pool: asyncpg.Pool, secret: bytes
) -> tuple[int, Any]:
    path: str = scope["path"]
    if path == "/empty":
        return 200, {"status": "alive"}
    user_id = _user_of(scope["headers"], secret)
    draft = orjson.loads(await _body(receive)) if scope["method"] == "POST" else None
    async with pool.acquire() as connection:
        if draft is not None:
            return 201, await add(connection, user_id, draft)
        if path == TASKS:
            rows = await connection.fetch(PAGE_SQL, user_id, DEFAULT_LIMIT + 1)
            return 200, page([shown(row) for row in rows])
        row = await connection.fetchrow(READ_SQL, path.rpartition("/")[2], user_id)
        if row is None:
            raise Refused(404)
        return 200, shown(row)


def _user_of(headers: Iterable[tuple[bytes, bytes]], secret: bytes) -> UUID:
    sent = next((value for name, value in headers if name == b"authorization"), b"")
    signed, _, signature = sent.removeprefix(b"Bearer ").rpartition(b".")
    expected = base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=")
    if not hmac.compare_digest(expected, signature):
        raise Refused(401)
    claims = orjson.loads(base64.urlsafe_b64decode(signed.partition(b".")[2] + b"=="))
    if claims["exp"] <= time.time():
        raise Refused(401)
    return UUID(claims["sub"])


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    return body


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """Nothing here changes a session, so a reset would be a round trip for nothing."""
