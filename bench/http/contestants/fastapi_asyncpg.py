"""FastAPI and an asyncpg pool by hand, as in the manuals of both."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.security import OAuth2PasswordBearer
from starlette.types import Lifespan

from bench.http.contestants.common import PAGE_SQL, READ_SQL, add, open_pool, page, shown
from bench.http.contestants.schemas import Health, PageOut, TaskIn, TaskOut
from bench.http.contestants.tokens import user_of

bearer = OAuth2PasswordBearer(tokenUrl="token")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with open_pool() as app.state.pool:
        yield


async def connection(request: Request) -> AsyncIterator[asyncpg.Connection]:
    async with request.app.state.pool.acquire() as connection:
        yield connection


async def caller(token: Annotated[str, Depends(bearer)]) -> UUID:
    user_id = user_of(token)
    if user_id is None:
        raise HTTPException(401)
    return user_id


Connection = Annotated[asyncpg.Connection, Depends(connection)]
Caller = Annotated[UUID, Depends(caller)]


async def get_task(task_id: UUID, caller: Caller, connection: Connection) -> dict[str, Any]:
    row = await connection.fetchrow(READ_SQL, task_id, caller)
    if row is None:
        raise HTTPException(404)
    return shown(row)


async def list_tasks(
    caller: Caller, connection: Connection, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> dict[str, Any]:
    rows = await connection.fetch(PAGE_SQL, caller, limit + 1)
    return page([shown(row) for row in rows], limit)


async def create_task(draft: TaskIn, caller: Caller, connection: Connection) -> dict[str, Any]:
    return await add(connection, caller, draft.model_dump())


async def empty() -> Health:
    return Health(status="alive")


def create_app() -> FastAPI:
    return routed(lifespan, get_task=get_task, list_tasks=list_tasks, create_task=create_task)


def routed(lifespan: Lifespan[FastAPI], **endpoints: Callable[..., Any]) -> FastAPI:
    """Return an application that has them where the benchmark asks for them."""
    app = FastAPI(lifespan=lifespan)
    app.get("/empty")(empty)
    app.get("/api/v1/tasks/{task_id}", response_model=TaskOut)(endpoints["get_task"])
    app.get("/api/v1/tasks", response_model=PageOut)(endpoints["list_tasks"])
    app.post("/api/v1/tasks", response_model=TaskOut, status_code=201)(endpoints["create_task"])
    return app
