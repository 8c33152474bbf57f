"""Litestar and an asyncpg pool, as in the manuals of both."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from litestar import Litestar, Request, get, post
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.params import Parameter

from bench.http.contestants.common import PAGE_SQL, READ_SQL, add, open_pool, page, shown
from bench.http.contestants.schemas import Priority
from bench.http.contestants.tokens import user_of


@dataclass
class Draft:
    title: str
    description: str = ""
    priority: Priority = "normal"
    due_at: dt.datetime | None = None
    labels: list[str] = field(default_factory=list)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    async with open_pool() as app.state.pool:
        yield


async def connection(state: State) -> AsyncIterator[asyncpg.Connection]:
    async with state.pool.acquire() as connection:
        yield connection


async def caller(request: Request) -> UUID:
    user_id = user_of(request.headers.get("authorization"))
    if user_id is None:
        raise NotAuthorizedException
    return user_id


async def get_task(task_id: UUID, caller: UUID, connection: asyncpg.Connection) -> dict[str, Any]:
    row = await connection.fetchrow(READ_SQL, task_id, caller)
    if row is None:
        raise NotFoundException
    return shown(row)


async def list_tasks(
    caller: UUID,
    connection: asyncpg.Connection,
    limit: Annotated[int, Parameter(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    rows = await connection.fetch(PAGE_SQL, caller, limit + 1)
    return page([shown(row) for row in rows], limit)


async def create_task(data: Draft, caller: UUID, connection: asyncpg.Connection) -> dict[str, Any]:
    return await add(connection, caller, asdict(data))


async def empty() -> dict[str, str]:
    return {"status": "alive"}


def create_app() -> Litestar:
    return Litestar(
        route_handlers=[
            get("/empty")(empty),
            get("/api/v1/tasks/{task_id:uuid}")(get_task),
            get("/api/v1/tasks")(list_tasks),
            post("/api/v1/tasks")(create_task),
        ],
        lifespan=[lifespan],
        dependencies={"caller": Provide(caller), "connection": Provide(connection)},
    )
