"""FastAPI and SQLAlchemy's ORM, as in the manuals of both: a session for each request."""

import datetime as dt
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.modules.task.infrastructure.repositories import PRIORITIES
from bench.http.contestants.common import POOL_SIZE, created_event, new_task, page
from bench.http.contestants.fastapi_asyncpg import Caller, routed
from bench.http.contestants.orm_models import Event, Task
from bench.http.contestants.schemas import TaskIn, TaskOut


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, pool_size=POOL_SIZE, max_overflow=0)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(session)]


async def get_task(task_id: UUID, caller: Caller, session: Session) -> dict[str, Any]:
    task = await session.get(Task, task_id)
    if task is None or caller not in {task.owner_id, task.assignee_id} or task.deleted_at:
        raise HTTPException(404)
    return shown(task)


async def list_tasks(
    caller: Caller, session: Session, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> dict[str, Any]:
    # It is spared those that are assigned to the caller: with the OR that a manual would write,
    # PostgreSQL sorts all thousand tasks for each page.
    found = await session.scalars(
        select(Task)
        .where(Task.owner_id == caller, Task.deleted_at.is_(None))
        .order_by(Task.created_at.desc(), Task.id.desc())
        .limit(limit + 1)
    )
    return page([shown(task) for task in found], limit)


async def create_task(draft: TaskIn, caller: Caller, session: Session) -> dict[str, Any]:
    row = new_task(caller, draft.model_dump())
    task = Task(**row)
    event = created_event(row)
    session.add(task)
    session.add(Event(**event, recorded_at=dt.datetime.now(dt.UTC)))
    await session.commit()
    return shown(task)


def shown(task: Task) -> dict[str, Any]:
    """Return what the response model makes of it; ranks become words."""
    return {name: getattr(task, name) for name in TaskOut.model_fields} | {
        "priority": PRIORITIES[task.priority].value
    }


def create_app() -> FastAPI:
    return routed(lifespan, get_task=get_task, list_tasks=list_tasks, create_task=create_task)
