"""The assignee or owner of a task is reminded of it, once for each due time."""

import datetime as dt
import re
from uuid import UUID

import pytest

from app.modules.task.application.handlers import RemindOfDueTasks
from app.modules.task.domain.entities import Task
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.integration.task.conftest import Inhabit
from tests.integration.task.world import NOW, World
from tests.support.emails import part

HOUR = dt.timedelta(hours=1)
HANDLER = "task.email_due_soon"


async def due_at(world: World, task: Task, moment: dt.datetime | None) -> None:
    await world.do(task, lambda t: t.revise({"due_at": moment}, now=NOW), by=task.owner_id)


def reminded(world: World) -> list[str]:
    """The recipients of the emails so far."""
    return [str(email["To"]) for email in world.emails()]


@pytest.fixture
async def ana(world: World) -> UUID:
    return await world.somebody("ana")


async def test_the_owner_of_a_task_that_is_due_soon_gets_an_email(world: World, ana: UUID) -> None:
    task = await world.a_task(ana, "Pôr a fundação", due_at=NOW + 23 * HOUR)
    await world.remind()
    [email] = world.emails()
    assert (email["To"], email["Subject"]) == ("ana@example.com", "A task is due soon")
    text = part(email, "plain")
    assert "a task is due on 2026-01-03 16:30 UTC." in text
    assert "\n    > Pôr a fundação\n" in text
    assert f"https://tasks.example.com/api/v1/tasks/{task.id}\n" in text


async def test_the_assignee_is_reminded_instead_of_the_owner(world: World, ana: UUID) -> None:
    bruno = await world.somebody("bruno")
    task = await world.a_task(ana, due_at=NOW + HOUR)
    await world.assign(task, bruno, by=bruno)
    await world.remind()
    assert reminded(world) == ["bruno@example.com"]


async def test_the_owner_is_reminded_if_the_assignee_gets_no_email(world: World, ana: UUID) -> None:
    carla = await world.somebody("carla", is_verified=False)
    task = await world.a_task(ana, due_at=NOW + HOUR)
    await world.assign(task, carla, by=carla)
    await world.remind()
    assert reminded(world) == ["ana@example.com"]


async def test_each_due_time_has_one_reminder(world: World, ana: UUID) -> None:
    task = await world.a_task(ana, due_at=NOW + 2 * HOUR)
    for _ in range(3):
        await world.remind()
    assert len(world.emails()) == 1

    await due_at(world, task, NOW + 3 * HOUR)
    for _ in range(3):
        await world.remind()
    assert len(world.emails()) == 2

    await due_at(world, task, None)
    await world.remind()
    await due_at(world, task, NOW + 3 * HOUR)
    await world.remind()
    assert len(world.emails()) == 2


async def test_a_task_has_its_reminder_a_day_before(world: World, ana: UUID) -> None:
    await world.a_task(ana, due_at=NOW + 48 * HOUR)
    await world.remind()
    assert world.emails() == []
    world.clock.time = NOW + 24 * HOUR
    await world.remind()
    assert reminded(world) == ["ana@example.com"]


async def test_a_task_that_was_due_already_has_no_reminder(world: World, ana: UUID) -> None:
    await world.a_task(ana, due_at=NOW)
    await world.remind()
    assert world.emails() == []


@pytest.mark.parametrize("end", ["complete", "cancel"])
async def test_a_closed_task_has_no_reminder(world: World, ana: UUID, end: str) -> None:
    task = await world.a_task(ana, due_at=NOW + HOUR)
    await world.do(task, lambda stored: getattr(stored, end)(now=NOW), by=ana)
    await world.remind()
    assert await world.deliveries(HANDLER) == []


async def test_a_deleted_task_has_no_reminder(world: World, ana: UUID) -> None:
    task = await world.a_task(ana, due_at=NOW + HOUR)
    await world.do(task, lambda stored: stored.delete(by=ana, now=NOW), by=ana)
    await world.remind()
    assert await world.deliveries(HANDLER) == []


async def test_a_task_that_was_postponed_meanwhile_sends_no_email(inhabit: Inhabit) -> None:
    async with inhabit(smtp_url="smtp://127.0.0.1:1") as world:  # where nothing listens
        ana = await world.somebody("ana")
        task = await world.a_task(ana, due_at=NOW + HOUR)
        await world.remind()
        assert (await world.one_delivery(HANDLER))["state"] == DeliveryState.READY
        await due_at(world, task, NOW + 100 * HOUR)
        await world.deliver_again()
        delivery = await world.one_delivery(HANDLER)
    assert delivery["state"] == DeliveryState.DONE
    assert delivery["last_error"] == "discarded: the task is not due at that time any more"


async def test_without_a_recipient_the_delivery_is_discarded(world: World, ana: UUID) -> None:
    await world.a_task(ana, due_at=NOW + HOUR)
    await world.close_account(ana)
    await world.remind()
    assert world.emails() == []
    delivery = await world.one_delivery(HANDLER)
    assert delivery["last_error"] == ("discarded: neither assignee nor owner has an active account")


async def test_many_reminders_take_several_transactions(
    world: World, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.deliver()  # the schedule's own tick, which found nothing yet
    monkeypatch.setattr(RemindOfDueTasks, "MOST_AT_ONCE", 2)
    for hours in (3, 1, 2, 5, 4):
        await world.a_task(ana, f"in {hours}", due_at=NOW + hours * HOUR)
    await world.remind()
    titles = [re.findall(r"> (.+)", part(email, "plain")) for email in world.emails()]
    assert sorted(titles) == [[f"in {hours}"] for hours in (1, 2, 3, 4, 5)]


# SQLite has one writer: there no other transaction runs at the same time.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_locked_task_is_left_to_the_next_run(world: World, ana: UUID) -> None:
    await world.deliver()  # the schedule's own tick
    task = await world.a_task(ana, due_at=NOW + HOUR)
    async with world.container.task.uow() as uow:
        stored = await uow.tasks.get_owned(ana, task.id)
        stored.start(now=NOW)
        await uow.tasks.save(stored)
        await world.remind()
        states = {delivery["state"] for delivery in await world.deliveries("task.remind_due")}
        assert (states, world.emails()) == ({DeliveryState.DONE}, [])
        await uow.commit()
    await world.remind()
    assert reminded(world) == ["ana@example.com"]


async def test_a_reminder_is_an_event_of_the_task_without_an_actor(world: World, ana: UUID) -> None:
    task = await world.a_task(ana, due_at=NOW + HOUR)
    await world.remind()
    delivery = await world.one_delivery(HANDLER)
    assert (delivery["event_type"], delivery["stream_id"]) == ("task.due_soon", task.id)
    assert "@example.com" not in await world.everything_noted()
