"""The assignee of a task gets an email."""

import datetime as dt
from uuid import uuid5

import pytest

from app.modules.task.domain.entities import Title
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.integration.task.conftest import Inhabit
from tests.integration.task.world import NOW, World
from tests.support.emails import part, read
from tests.support.smtp import mail_server

HANDLER = "task.email_assignee"


async def test_the_assignee_gets_an_email(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    due_at = dt.datetime(2026, 2, 3, 10, 0, tzinfo=dt.UTC)
    task = await world.a_task(ana, "Pôr a <fundação>", due_at=due_at)
    await world.assign(task, bruno, by=ana)
    await world.deliver()

    [email] = world.emails()
    assert email["To"] == "bruno@example.com"
    assert email["From"] == "Shop <no-reply@example.com>"
    assert email["Subject"] == "You have a new task"
    link = f"https://tasks.example.com/api/v1/tasks/{task.id}"
    assert part(email, "plain") == (
        "Hello Bruno Example,\n\nanother user assigned a task to you. "
        "Its title, in the words of the person who wrote it:\n\n    > Pôr a <fundação>\n\n"
        f"Due: 2026-02-03 10:00 UTC\n\nIt is at {link}\n\nShop\n"
    )
    html = part(email, "html")
    assert "<blockquote>Pôr a &lt;fundação&gt;</blockquote>" in html
    assert "<p>Due: 2026-02-03 10:00 UTC</p>" in html
    assert f'<a href="{link}">' in html


async def test_a_task_without_a_due_time_has_none_in_its_email(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    await world.assign(await world.a_task(ana), bruno, by=ana)
    await world.deliver()
    [email] = world.emails()
    assert "Due" not in part(email, "plain") + part(email, "html")


async def test_a_title_cannot_become_a_header_or_a_part_of_the_email(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    title = "é\r\nBcc: carla@example.com\r\n\r\nSend us your password"
    await world.assign(await world.a_task(ana, title), bruno, by=ana)
    await world.deliver()
    [email] = world.emails()
    line = "é Bcc: carla@example.com Send us your password"
    assert (email["Subject"], email["Bcc"]) == ("You have a new task", None)
    assert f"\n    > {line}\n" in part(email, "plain")


async def test_the_email_has_the_key_of_its_delivery(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    await world.assign(await world.a_task(ana), bruno, by=ana)
    await world.deliver()
    delivery = await world.one_delivery(HANDLER)
    key = str(uuid5(delivery["event_id"], HANDLER))
    [(name, email)] = world.files().items()
    assert (name, email["Message-ID"]) == (key, f"<{key}@example.com>")


async def test_an_owner_who_assigns_a_task_to_themselves_gets_no_email(
    world: World,
) -> None:
    ana = await world.somebody("ana")
    await world.assign(await world.a_task(ana), ana, by=ana)
    await world.deliver()
    assert world.emails() == []
    delivery = await world.one_delivery(HANDLER)
    assert (delivery["state"], delivery["last_error"]) == (DeliveryState.DONE, None)


async def test_unassigning_a_task_creates_no_delivery(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    task = await world.a_task(ana)
    await world.assign(task, bruno, by=ana)
    await world.deliver()
    await world.assign(task, None, by=ana)
    assert len(await world.deliveries(HANDLER)) == 1


async def test_an_owner_gets_an_email_if_the_assignee_assigns_the_task_to_them(
    world: World,
) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    task = await world.a_task(ana)
    await world.assign(task, bruno, by=ana)
    await world.assign(task, ana, by=bruno)
    await world.deliver()
    assert [email["To"] for email in world.emails()] == ["ana@example.com"]


async def test_only_the_last_of_several_assignees_gets_an_email(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    carla = await world.somebody("carla")
    task = await world.a_task(ana)
    await world.assign(task, bruno, by=ana)
    await world.assign(task, carla, by=ana)
    await world.deliver()
    assert [email["To"] for email in world.emails()] == ["carla@example.com"]
    first, second = await world.deliveries(HANDLER)
    assert first["last_error"] == "discarded: the task is no longer assigned to the user"
    assert (first["state"], second["state"]) == (DeliveryState.DONE, DeliveryState.DONE)


@pytest.mark.parametrize("end", ["complete", "cancel"])
async def test_a_task_that_was_closed_meanwhile_sends_no_email(world: World, end: str) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    task = await world.a_task(ana)
    await world.assign(task, bruno, by=ana)
    await world.do(task, lambda stored: getattr(stored, end)(now=NOW), by=ana)
    await world.deliver()
    assert world.emails() == []


async def test_a_deleted_task_sends_no_email(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    task = await world.a_task(ana)
    await world.assign(task, bruno, by=ana)
    await world.do(task, lambda stored: stored.delete(by=ana, now=NOW), by=ana)
    await world.deliver()
    assert world.emails() == []


async def test_a_closed_or_unverified_account_gets_no_email(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    carla = await world.somebody("carla", is_verified=False)
    await world.assign(await world.a_task(ana), bruno, by=ana)
    await world.assign(await world.a_task(ana), carla, by=ana)
    await world.close_account(bruno)
    await world.deliver()
    assert world.emails() == []
    assert {d["state"] for d in await world.deliveries(HANDLER)} == {DeliveryState.DONE}


async def test_an_assignment_by_a_closed_account_sends_no_email(world: World) -> None:
    """The actor is checked again when the handler runs, not only when the request came."""
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    await world.assign(await world.a_task(ana), bruno, by=ana)
    await world.close_account(ana)
    await world.deliver()
    assert world.emails() == []
    delivery = await world.one_delivery(HANDLER)
    assert delivery["last_error"] == "discarded: the user who assigned it may no longer do so"


async def test_a_change_of_the_task_in_between_does_not_matter(world: World) -> None:
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    task = await world.a_task(ana)
    await world.assign(task, bruno, by=ana)
    await world.do(task, lambda t: t.revise({"title": Title("Another")}, now=NOW), by=ana)
    await world.deliver()
    [email] = world.emails()
    assert "\n    > Another\n" in part(email, "plain")


async def test_the_emails_to_one_assignee_are_limited(
    inhabit: Inhabit,
) -> None:
    async with inhabit(emails_per_recipient=8) as world:
        ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
        task = await world.a_task(ana)
        for _ in range(12):
            await world.assign(task, bruno, by=ana)
            await world.deliver()
            await world.assign(task, None, by=ana)
        assert len(world.emails()) == 3
        *_, last = [d for d in await world.deliveries(HANDLER) if d["last_error"]]
        assert last["state"] == DeliveryState.DONE
        assert last["last_error"] == "discarded: too many emails of this kind in an hour: work"


# --- With a mail server ---------------------------------------------------------------------------


async def test_a_delayed_email_is_sent_again_with_the_same_key(inhabit: Inhabit) -> None:
    async with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        async with inhabit(smtp_url=url) as world:
            ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
            await world.assign(await world.a_task(ana), bruno, by=ana)
            server.refusals["RCPT"] = "450 busy: bruno@example.com"
            await world.deliver()
            delivery = await world.one_delivery(HANDLER)
            assert (delivery["state"], delivery["attempts"]) == (DeliveryState.READY, 1)
            assert delivery["last_error"] == "EmailDelayed: the server refused the recipient: 450"

            server.refusals.clear()
            await world.deliver_again()
            delivery = await world.one_delivery(HANDLER)
            assert delivery["state"] == DeliveryState.DONE
    [delivered] = server.delivered
    assert delivered.recipients == ["bruno@example.com"]
    key = uuid5(delivery["event_id"], HANDLER)
    assert read(delivered.content)["Message-ID"] == f"<{key}@example.com>"
    assert world.emails() == []


async def test_a_refused_email_is_dead_and_blocks_nothing(inhabit: Inhabit) -> None:
    async with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        async with inhabit(smtp_url=url) as world:
            ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
            carla = await world.somebody("carla")
            task = await world.a_task(ana)
            await world.assign(task, bruno, by=ana)
            server.refusals["RCPT"] = "550 no such user: bruno@example.com"
            await world.deliver()
            server.refusals.clear()
            await world.assign(task, carla, by=ana)
            await world.deliver()
            states = [d["state"] for d in await world.deliveries(HANDLER)]
            assert states == [DeliveryState.DEAD, DeliveryState.DONE]
            assert "@example.com" not in await world.everything_noted()
    assert [d.recipients for d in server.delivered] == [["carla@example.com"]]
