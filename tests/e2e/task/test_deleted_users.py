"""Deleting an account deletes its tasks, and unassigns those of others."""

from sqlalchemy import select

from app.modules.task.infrastructure.tables import task
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.statement import Statement
from tests.modules.task.samples import create_task
from tests.support.people import PASSWORD, Person
from tests.support.scenario import Drain

ALL = Statement(select(task))


async def leave(person: Person) -> None:
    answer = await person.request("DELETE", "/users/me", json={"current_password": PASSWORD})
    assert answer.status_code == 204, answer.text


async def test_the_users_tasks_are_deleted_and_assigned_tasks_return_to_their_owners(
    ana: Person, bruno: Person, drain: Drain, database: Database
) -> None:
    own = await create_task(ana)
    binned = await create_task(ana)
    await ana.delete(f"/tasks/{binned['id']}", version=1)
    await ana.post(f"/tasks/{own['id']}/assign", {"assignee_id": bruno.id}, version=1)
    given = await create_task(bruno)
    await bruno.post(f"/tasks/{given['id']}/assign", {"assignee_id": ana.id}, version=1)
    await leave(ana)
    await drain()
    [left] = await database.fetch_all(ALL, {})
    assert (str(left["id"]), left["assignee_id"]) == (given["id"], None)


async def test_no_column_of_a_task_contains_the_deleted_user(
    ana: Person, bruno: Person, drain: Drain, database: Database
) -> None:
    words = {"title": "Call Anastasia Canary", "description": "or write to ana@example.com"}
    given = await create_task(ana, **words, labels=["canary"])
    await ana.post(f"/tasks/{given['id']}/assign", {"assignee_id": bruno.id}, version=1)
    await leave(ana)
    await drain()
    assert await database.fetch_all(ALL, {}) == []
