"""Demo tasks: each demo user has some, added once."""

import httpx2
import pytest

from app.container import ApplicationContainer
from app.modules.task.application import seed
from app.shared.composition import seeded
from tests.support.people import Person


async def said(container: ApplicationContainer) -> list[str]:
    return [sentence async for sentence in seeded(container)]


async def test_demo_tasks_are_added_once(
    container: ApplicationContainer, clean_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seed, "TASKS_EACH", 200)
    assert "Added 600 tasks." in await said(container)
    assert "Added 0 tasks." in await said(container)

    monkeypatch.setattr(seed, "TASKS_EACH", 300)
    assert "Added 300 tasks." in await said(container)


async def test_a_demo_user_signs_in_and_has_tasks(
    container: ApplicationContainer, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seed, "TASKS_EACH", 100)
    await said(container)
    bruno = await Person.sign_in(client, "bruno@example.com")
    page = (await bruno.get("/tasks?with_total=true")).json()
    assert page["total"] >= 100
    assert {task["status"] for task in page["items"]} <= {"in_progress", "done", "cancelled"}
