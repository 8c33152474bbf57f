"""Pages of a list: all tasks once and in order, also if tasks change between two pages."""

from uuid import UUID

import pytest

from app.shared.infrastructure.database.connection import Database
from tests.e2e.task.listing import SORTS, Item, in_order, pages, some_tasks, store, visible
from tests.modules.task.samples import a_task, create_task
from tests.support.people import Person

SORT_VALUES = [sign + name for name in SORTS for sign in ("", "-")]


@pytest.fixture
async def tasks(ana: Person, bruno: Person, database: Database) -> list[Item]:
    stored = [
        *some_tasks(owner=ana.id, others=[bruno.id], count=25, seed=4),
        *some_tasks(owner=bruno.id, others=[ana.id], count=15, seed=5),
    ]
    await store(database, stored)
    return await visible(ana, stored)


@pytest.mark.parametrize("sort", SORT_VALUES)
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_all_pages_together_are_all_tasks_once_and_in_order(
    ana: Person, tasks: list[Item], sort: str, limit: int
) -> None:
    found = await pages(ana, sort=sort, limit=limit)

    assert [task for page in found for task in page] == in_order(tasks, sort)
    assert {len(page) for page in found[:-1]} == {limit}
    assert 1 <= len(found[-1]) <= limit


async def test_pages_of_long_texts_are_shorter_and_lose_no_task(
    ana: Person, database: Database
) -> None:
    longest = [a_task(owner_id=UUID(ana.id), description="é" * 10_000) for _ in range(18)]
    await store(database, longest)
    found = await pages(ana, limit=100)
    assert [len(page) for page in found] == [13, 5]
    ids = [task["id"] for page in found for task in page]
    assert sorted(ids) == sorted(str(task.id) for task in longest)


@pytest.mark.parametrize("sort", ["-created_at", "due_at"])
async def test_pages_of_a_filtered_list_have_the_matching_tasks(
    ana: Person, tasks: list[Item], sort: str
) -> None:
    found = await pages(ana, sort=sort, limit=2, label="home", q="a")
    passing = [task for task in tasks if "home" in task["labels"]]
    passing = [t for t in passing if "a" in (t["title"] + t["description"]).lower()]
    assert len(passing) > 2
    assert [task for page in found for task in page] == in_order(passing, sort)


async def test_a_page_that_ends_with_the_last_task_is_the_last(ana: Person) -> None:
    for _ in range(4):
        await create_task(ana)
    first = (await ana.get("/tasks?limit=2")).json()
    last = (await ana.get(f"/tasks?limit=2&cursor={first['next_cursor']}")).json()
    assert first["next_cursor"] is not None
    assert (len(last["items"]), last["next_cursor"], last["limit"]) == (2, None, 2)


async def test_pages_of_one_list_may_have_different_sizes(ana: Person, tasks: list[Item]) -> None:
    first = (await ana.get("/tasks?limit=3")).json()
    rest = (await ana.get(f"/tasks?limit=100&cursor={first['next_cursor']}")).json()
    assert first["items"] + rest["items"] == in_order(tasks, "-created_at")


@pytest.mark.parametrize("sort", SORT_VALUES)
async def test_tasks_created_or_deleted_meanwhile_do_not_repeat_or_hide_others(
    ana: Person, tasks: list[Item], sort: str
) -> None:
    expected = in_order(tasks, sort)
    own = [task for task in expected if task["owner_id"] == ana.id]
    leaving = own[::5]  # some were on earlier pages, and some were not
    staying = [task for task in expected if task not in leaving]

    async def come_and_go() -> None:
        if leaving:
            await create_task(ana, priority="low")
            await create_task(ana, priority="urgent", due_at="2026-01-01T00:30:00Z")
            gone = leaving.pop()
            assert (await ana.delete(f"/tasks/{gone['id']}", version=1)).status_code == 204

    found = [task for page in await pages(ana, come_and_go, sort=sort, limit=3) for task in page]

    assert leaving == []
    ids = [task["id"] for task in found]
    assert len(ids) == len(set(ids))
    assert [task for task in found if task in staying] == staying


# --- Cursors ------------------------------------------------------------------------------------

QUERY = {"sort": "due_at", "status": "open", "limit": "1"}


@pytest.fixture
async def cursor(ana: Person) -> str:
    for _ in range(3):
        await create_task(ana, due_at="2026-03-01T00:00:00Z")
    found: str = (await ana.get("/tasks", params=QUERY)).json()["next_cursor"]
    return found


async def assert_refused(person: Person, query: dict[str, str]) -> None:
    answer = await person.get("/tasks", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


async def test_a_cursor_works_in_its_own_list(ana: Person, cursor: str) -> None:
    answer = await ana.get("/tasks", params={**QUERY, "cursor": cursor})
    assert (answer.status_code, len(answer.json()["items"])) == (200, 1)


async def test_a_cursor_of_another_user_is_refused(ana: Person, bruno: Person, cursor: str) -> None:
    await assert_refused(bruno, {**QUERY, "cursor": cursor})


@pytest.mark.parametrize(
    "change",
    [
        {"sort": "-due_at"},
        {"sort": "created_at"},
        {"status": "done"},
        {"priority": "normal"},
        {"label": "home"},
        {"q": "foundation"},
        {"due_before": "2027-01-01T00:00:00Z"},
    ],
)
async def test_a_cursor_of_another_list_is_refused(
    ana: Person, cursor: str, change: dict[str, str]
) -> None:
    await assert_refused(ana, {**QUERY, **change, "cursor": cursor})


async def test_a_cursor_of_a_list_with_fewer_filters_is_refused(ana: Person, cursor: str) -> None:
    await assert_refused(ana, {"sort": "due_at", "limit": "1", "cursor": cursor})


async def test_a_cursor_with_any_changed_character_is_refused(ana: Person, cursor: str) -> None:
    for place, letter in enumerate(cursor):
        other = "A" if letter != "A" else "B"
        await assert_refused(ana, {**QUERY, "cursor": cursor[:place] + other + cursor[place + 1 :]})


@pytest.mark.parametrize("cursor", ["x", "AAAA", "====", "é", "null", "A" * 500, "%00", " "])
async def test_an_invalid_cursor_is_refused(ana: Person, cursor: str) -> None:
    await assert_refused(ana, {**QUERY, "cursor": cursor})


async def test_a_cursor_that_was_cut_or_prolonged_is_refused(ana: Person, cursor: str) -> None:
    for bent in (cursor[:-1], cursor[1:], cursor + "A", cursor + "=", cursor * 2):
        await assert_refused(ana, {**QUERY, "cursor": bent})
