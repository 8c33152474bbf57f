"""The number of statements of a request: a request with more statements fails here first."""

from tests.modules.task.samples import create_task
from tests.support.people import Person
from tests.support.statements import Statements


async def test_reading_a_task_is_one_statement(ana: Person, statements: Statements) -> None:
    task = await create_task(ana)  # and the session is cached
    await statements.forget()

    assert (await ana.get(f"/tasks/{task['id']}")).status_code == 200

    (sql,) = await statements.in_all()
    assert sql.startswith("SELECT")


async def test_listing_tasks_is_one_statement_however_many_there_are(
    ana: Person, bruno: Person, statements: Statements
) -> None:
    for _ in range(5):
        await create_task(ana)
        theirs = await create_task(bruno)
        await bruno.post(f"/tasks/{theirs['id']}/assign", {"assignee_id": ana.id}, version=1)
    await statements.forget()

    page = await ana.get("/tasks")

    assert len(page.json()["items"]) == 10
    assert len(await statements.in_all()) == 1


async def test_a_total_costs_one_statement_more(ana: Person, statements: Statements) -> None:
    await create_task(ana)
    await statements.forget()
    assert (await ana.get("/tasks?with_total=true")).json()["total"] == 1
    assert len(await statements.in_all()) == 2


async def test_creating_a_task_writes_it_and_its_event_and_nothing_else(
    ana: Person, statements: Statements
) -> None:
    await create_task(ana)  # and the usage of the account is counted, which allows further tasks
    await statements.forget()

    await create_task(ana)

    task, event = await statements.without_transactions()
    assert task.startswith("INSERT INTO TASK")
    assert event.startswith("INSERT INTO EVENT_LOG")


async def test_the_usage_of_an_account_is_counted_before_its_first_task(
    ana: Person, statements: Statements
) -> None:
    await ana.get("/tasks")
    await statements.forget()

    await create_task(ana)

    said = await statements.without_transactions()
    assert [sql.split()[0] for sql in said] == ["SELECT", "SELECT", "INSERT", "INSERT"]


async def test_changing_a_task_reads_it_writes_it_and_writes_the_event(
    ana: Person, statements: Statements
) -> None:
    task = await create_task(ana)
    await statements.forget()

    await ana.patch(f"/tasks/{task['id']}", {"priority": "high"}, version=1)

    said = await statements.without_transactions()
    assert [sql.split()[0] for sql in said] == ["SELECT", "UPDATE", "INSERT"]
    everything = await statements.in_all()
    assert everything[0].startswith("BEGIN")
    assert everything[-1].startswith("COMMIT")


async def test_a_change_that_changes_nothing_writes_nothing(
    ana: Person, statements: Statements
) -> None:
    task = await create_task(ana)
    await statements.forget()

    await ana.patch(f"/tasks/{task['id']}", {"title": task["title"]}, version=1)

    said = await statements.without_transactions()
    assert [sql.split()[0] for sql in said] == ["SELECT"]


async def test_a_session_is_read_once_and_then_remembered(
    ana: Person, statements: Statements
) -> None:
    await ana.get("/tasks")
    first = await statements.in_all()
    await statements.forget()
    await ana.get("/tasks")
    second = await statements.in_all()

    assert len(first) == 2
    assert "USER_SESSION" in first[0]
    assert second == first[1:]
