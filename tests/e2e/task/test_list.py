"""A list of tasks: whose tasks, which of them, and their order."""

from collections.abc import Callable
from typing import Any

import pytest

from app.shared.infrastructure.database.connection import Database
from tests.e2e.task.listing import SORTS, Item, in_order, some_tasks, store, visible
from tests.modules.task.samples import create_task
from tests.support.people import Person

SORT_VALUES = [sign + name for name in SORTS for sign in ("", "-")]


@pytest.fixture
async def tasks(ana: Person, bruno: Person, carla: Person, database: Database) -> list[Item]:
    """What Ana sees of forty tasks: her own, and those that are assigned to her."""
    stored = [
        *some_tasks(owner=ana.id, others=[bruno.id], count=20, seed=1),
        *some_tasks(owner=bruno.id, others=[ana.id], count=15, seed=2),
        *some_tasks(owner=carla.id, others=[bruno.id], count=5, seed=3),
    ]
    await store(database, stored)
    found = await visible(ana, stored)
    assert {task["owner_id"] for task in found} == {ana.id, bruno.id}
    assert len(found) >= 20
    return found


async def listed(person: Person, **query: Any) -> list[Item]:
    answer = await person.get("/tasks", params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    items: list[Item] = answer.json()["items"]
    return items


async def test_a_user_without_tasks_has_an_empty_list(ana: Person) -> None:
    answer = await ana.get("/tasks")
    assert answer.status_code == 200
    assert answer.json() == {"items": [], "next_cursor": None, "limit": 20, "total": None}


async def test_a_list_has_ones_own_and_assigned_tasks_each_once_and_the_newest_first(
    ana: Person, tasks: list[Item]
) -> None:
    assert await listed(ana) == in_order(tasks, "-created_at")


@pytest.mark.parametrize("sort", SORT_VALUES)
async def test_a_list_is_in_the_order_asked_for(ana: Person, tasks: list[Item], sort: str) -> None:
    assert await listed(ana, sort=sort) == in_order(tasks, sort)


# --- Which --------------------------------------------------------------------------------------

DUE = "2026-01-01T02:00:00.000002Z"  # of several, and to the microsecond

FILTERS: dict[str, tuple[dict[str, str], Callable[[Item], bool]]] = {
    "status": ({"status": "in_progress"}, lambda task: task["status"] == "in_progress"),
    "priority": ({"priority": "urgent"}, lambda task: task["priority"] == "urgent"),
    "label": ({"label": "home"}, lambda task: "home" in task["labels"]),
    "label with a quote": ({"label": "it's"}, lambda task: "it's" in task["labels"]),
    "due before": (
        {"due_before": DUE},
        lambda task: task["due_at"] is not None and task["due_at"] < DUE,
    ),
    "due after": (
        {"due_after": DUE},
        lambda task: task["due_at"] is not None and task["due_at"] > DUE,
    ),
    "due between": (
        {"due_after": "2026-01-01T00:00:00Z", "due_before": "2026-01-01T03:00:00.000003Z"},
        lambda task: (
            task["due_at"] is not None
            and "2026-01-01T00:00:00Z" < task["due_at"] < "2026-01-01T03:00:00.000003Z"
        ),
    ),
    "q": ({"q": "foundation"}, lambda task: "foundation" in text_of(task)),
    "status and priority": (
        {"status": "done", "priority": "low"},
        lambda task: (task["status"], task["priority"]) == ("done", "low"),
    ),
    "label, q and due": (
        {"label": "work", "q": "lay", "due_after": "2026-01-01T00:30:00Z"},
        lambda task: (
            "work" in task["labels"]
            and "lay" in text_of(task)
            and (task["due_at"] or "") > "2026-01-01T00:30:00Z"
        ),
    ),
}


def text_of(task: Item) -> str:
    return f"{task['title']}\n{task['description']}".lower()


@pytest.mark.parametrize("name", FILTERS)
async def test_a_filter_returns_and_counts_the_matching_tasks(
    ana: Person, tasks: list[Item], name: str
) -> None:
    query, lets_through = FILTERS[name]
    expected = in_order([task for task in tasks if lets_through(task)], "-created_at")
    assert 0 < len(expected) < len(tasks)

    answer = await ana.get("/tasks", params={"limit": 100, "with_total": "true", **query})

    assert answer.json()["items"] == expected
    assert answer.json()["total"] == len(expected)


@pytest.mark.parametrize("whose", ["ana", "bruno", "carla"])
async def test_the_filter_by_assignee_returns_the_tasks_of_the_assignee(
    ana: Person, bruno: Person, carla: Person, tasks: list[Item], whose: str
) -> None:
    assignee = {"ana": ana, "bruno": bruno, "carla": carla}[whose].id
    expected = [task for task in tasks if task["assignee_id"] == assignee]
    assert bool(expected) is (whose != "carla")
    assert await listed(ana, assignee=assignee) == in_order(expected, "-created_at")


async def test_all_filters_together_return_tasks_that_match_each(
    ana: Person, tasks: list[Item]
) -> None:
    wanted = {
        "title": "A needle of 1 %",
        "description": "In a haystack.",
        "priority": "urgent",
        "due_at": "2026-06-01T00:00:00Z",
        "labels": ["needle"],
    }
    needle = await create_task(ana, **wanted)
    path = f"/tasks/{needle['id']}"
    await ana.post(f"{path}/assign", {"assignee_id": ana.id}, version=1)
    await ana.post(f"{path}/start", version=2)
    query = {
        "status": "in_progress",
        "priority": "urgent",
        "label": "needle",
        "assignee": ana.id,
        "due_before": "2026-06-02T00:00:00Z",
        "due_after": "2026-05-31T00:00:00Z",
        "q": "1 %",
    }
    assert [task["id"] for task in await listed(ana, **query)] == [needle["id"]]
    missing = {
        "status": "open",
        "priority": "low",
        "label": "hay",
        "assignee": needle["id"],
        "due_before": "2026-05-31T00:00:00Z",
        "due_after": "2026-06-02T00:00:00Z",
        "q": "2 %",
    }
    for name, value in missing.items():
        assert await listed(ana, **{**query, name: value}) == []


async def test_a_total_counts_all_pages(ana: Person, tasks: list[Item]) -> None:
    answer = (await ana.get("/tasks", params={"limit": 3, "with_total": "true"})).json()
    assert (len(answer["items"]), answer["total"]) == (3, len(tasks))
    without = (await ana.get("/tasks", params={"limit": 3, "with_total": "false"})).json()
    assert without["total"] is None


# --- Search -------------------------------------------------------------------------------------

TITLES = [
    "100 % sure",
    "1000 sure",
    "snake_case",
    "snakeXcase",
    "back\\slash",
    "back slash",
    "L'ÉTÉ à Paris",
    "l'été à Paris",
    "ete",
    "Ω mega",
]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("%", ["100 % sure"]),
        ("100 %", ["100 % sure"]),
        ("0%s", []),
        ("_", ["snake_case"]),
        ("snake_case", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ("back\\slash", ["back\\slash"]),
        ("\\%", []),
        ("'", ["L'ÉTÉ à Paris", "l'été à Paris"]),
        ("été", ["L'ÉTÉ à Paris", "l'été à Paris"]),
        ("ÉTÉ", ["L'ÉTÉ à Paris", "l'été à Paris"]),
        ("e\u0301te\u0301", ["L'ÉTÉ à Paris", "l'été à Paris"]),  # decomposed
        ("ete", ["ete"]),
        ("ω MEGA", ["Ω mega"]),
        ("SURE", ["100 % sure", "1000 sure"]),
        ("nothing of the kind", []),
    ],
)
async def test_a_search_finds_what_was_typed_in_upper_or_lower_case(
    ana: Person, q: str, found: list[str]
) -> None:
    for title in TITLES:
        await create_task(ana, title=title)
    assert sorted(task["title"] for task in await listed(ana, q=q)) == sorted(found)


async def test_a_search_looks_into_titles_and_descriptions(ana: Person) -> None:
    await create_task(ana, title="A needle")
    await create_task(ana, title="A haystack", description="With a\nneedle.")
    await create_task(ana, title="Nothing", labels=["needle"])
    found = await listed(ana, q="needle")
    assert sorted(task["title"] for task in found) == ["A haystack", "A needle"]


@pytest.mark.parametrize("label", ["hom", "HOME", "home%", "h_me", "%"])
async def test_a_label_is_found_whole_and_as_it_was_written(ana: Person, label: str) -> None:
    await create_task(ana, labels=["home", "work"])
    assert await listed(ana, label=label) == []
    assert len(await listed(ana, label="home")) == 1
