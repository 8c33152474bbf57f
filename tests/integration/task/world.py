"""The whole service without its API: users, their tasks, and outgoing emails and webhooks."""

import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from dependency_injector.providers import Object
from pydantic import SecretStr
from sqlalchemy import bindparam, select, update

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.modules.task.domain.entities import Task, TaskChanges, Title
from app.modules.task.settings import TaskSettings
from app.modules.user.domain.entities import FullName, User
from app.shared.composition import opened
from app.shared.domain.base_entity import new_id
from app.shared.domain.events import ScheduleTick
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.connection import Row
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_attempt, event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.scheduler import Schedule
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from tests.support.emails import read
from tests.support.requests import request_at_hand

NOW: Final = dt.datetime(2026, 1, 2, 17, 30, 0, 654_321, tzinfo=dt.UTC)
KEY: Final = "a key for tests only, and long enough"

DELIVERIES = Statement(
    select(event_delivery, event_log.c.event_type, event_log.c.occurred_at)
    .join(event_log, event_log.c.event_id == event_delivery.c.event_id)
    .where(event_delivery.c.handler == bindparam("handler"))
    .order_by(event_delivery.c.id)
)
HURRY = Statement(
    update(event_delivery)
    .where(event_delivery.c.state == int(DeliveryState.READY))
    .values(due_at=database_time())
)
EVENTS = Statement(select(event_log))
ATTEMPTS = Statement(select(event_attempt))


class Clock:
    """Shows the time that it was set to."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> dt.datetime:
        return self.time


class World:
    def __init__(self, container: ApplicationContainer, clock: Clock, folder: Path) -> None:
        self.container, self.clock, self._folder = container, clock, folder
        self.database = container.database()

    async def somebody(self, name: str, *, is_verified: bool = True) -> UUID:
        """Create an account."""
        user = User.register(
            email=EmailAddress(f"{name}@example.com"),
            full_name=FullName(f"{name.title()} Example"),
            password_hash="none",
            now=NOW,
        )
        if is_verified:
            user.verify(now=NOW)
        user.pull_events()  # the emails of the registration do not matter here
        async with self.container.user.uow() as uow:
            await uow.users.save(user)
            await uow.commit()
        return user.id

    async def close_account(self, user_id: UUID) -> None:
        async with self.container.user.uow() as uow:
            user = await uow.users.get_seen(user_id, version=None)
            user.deactivate(now=NOW)
            await uow.users.save(user)
            await uow.commit()

    async def delete_account(self, user_id: UUID) -> None:
        async with self.container.user.uow() as uow:
            user = await uow.users.get_seen(user_id, version=None)
            user.leave(now=NOW)
            await uow.users.delete(user)
            await uow.commit()

    async def a_task(self, owner_id: UUID, title: str = "Lay the foundation", **of: Any) -> Task:
        """Create a task."""
        details: TaskChanges = {"title": Title(title)}
        details.update(of)  # type: ignore[typeddict-item]  # whatever the test needs
        task = Task.create(owner_id=owner_id, now=NOW, details=details)
        async with self.container.task.uow() as uow:
            await uow.tasks.save(task)
            await uow.commit()
        return task

    async def do(self, task: Task, change: Callable[[Task], object], *, by: UUID) -> None:
        """Change the task in its stored state, as a user."""
        with request_at_hand(request_id="req-12345678", actor_id=by):
            async with self.container.task.uow() as uow:
                stored = await uow.tasks.get_owned(task.owner_id, task.id)
                change(stored)
                await uow.tasks.save(stored)
                await uow.commit()

    async def assign(self, task: Task, to: UUID | None, *, by: UUID) -> None:
        await self.do(task, lambda stored: stored.assign(to, now=NOW), by=by)

    async def deliver(self) -> None:
        """Deliver everything that is due."""
        await self.container.engine().drain()

    async def deliver_again(self) -> None:
        """Deliver what failed and waits for its next attempt."""
        async with self.database.transaction() as connection:
            await connection.execute(HURRY, {})
            await connection.commit()
        await self.deliver()

    async def remind(self) -> None:
        """Publish the tick of the reminders, and deliver what follows."""
        await self.tick("task.remind_due")

    async def tick(self, name: str) -> None:
        """Publish the ticks of all schedules, and deliver what follows."""
        schedule = Schedule(id=new_id(), version=1, created_at=NOW, updated_at=NOW)
        schedule.record(ScheduleTick(name, NOW))
        collector = EventCollector(self.container.registry())
        collector.collect(schedule)
        async with self.database.transaction() as connection:
            await collector.write(connection)
            await connection.commit()
        await self.deliver()

    async def deliveries(self, handler: str) -> Sequence[Row]:
        return await self.database.fetch_all(DELIVERIES, {"handler": handler})

    async def one_delivery(self, handler: str) -> Row:
        [delivery] = await self.deliveries(handler)
        return delivery

    async def everything_noted(self) -> str:
        """Everything in events and failed attempts."""
        events = await self.database.fetch_all(EVENTS, {})
        attempts = await self.database.fetch_all(ATTEMPTS, {})
        return repr([dict(row) for row in [*events, *attempts]])

    def files(self) -> dict[str, EmailMessage]:
        """The emails that were written into the folder."""
        return {file.stem: read(file.read_bytes()) for file in self._folder.glob("mail/*.eml")}

    def emails(self) -> list[EmailMessage]:
        """The same, sorted by recipient."""
        return sorted(self.files().values(), key=lambda email: str(email["To"]))


@asynccontextmanager
async def inhabited(
    database_url: str, folder: Path, tasks: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[World]:
    """The service with these settings, and those of tasks, while the block runs."""
    clock = Clock()
    base = Settings(
        _env_file=None,
        app_env="test",
        database_url=SecretStr(database_url),
        database_pool_size=5,
        jwt_secret_key=SecretStr(KEY),
        data_dir=folder,
        public_url="https://tasks.example.com/",
        app_name="Shop",
        mail_from="Shop <no-reply@example.com>",
        **settings,
    )
    of_tasks = TaskSettings(_env_file=None, **(tasks or {}))
    container = ApplicationContainer.build(base.with_modules(of_tasks), clock=Object(clock))
    async with opened(container):
        yield World(container, clock, folder)
