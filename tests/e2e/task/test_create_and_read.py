"""A task is created, and read again."""

import datetime as dt
import json
from typing import Any
from uuid import UUID

import pytest

from tests.modules.task.samples import create_task
from tests.support.people import Person

DETAILS = {
    "title": "Lay the foundation — ção 🏗",
    "description": "Deep enough.\n\tFrost reaches 80 cm.",
    "priority": "urgent",
    "due_at": "2026-03-01T12:00:00.123456Z",
    "labels": ["home", "concreto", "it's"],
}


async def test_a_task_needs_no_more_than_a_title(ana: Person) -> None:
    before = dt.datetime.now(dt.UTC)
    answer = await ana.post("/tasks", {"title": "Dig"})
    after = dt.datetime.now(dt.UTC)

    assert answer.status_code == 201
    task = answer.json()
    assert UUID(task.pop("id")).version == 7
    created_at = dt.datetime.fromisoformat(task.pop("created_at"))
    assert before <= created_at <= after
    assert dt.datetime.fromisoformat(task.pop("updated_at")) == created_at
    assert task == {
        "version": 1,
        "owner_id": ana.id,
        "title": "Dig",
        "description": "",
        "status": "open",
        "priority": "normal",
        "labels": [],
        "due_at": None,
        "assignee_id": None,
        "completed_at": None,
    }


async def test_a_task_has_all_given_fields(ana: Person) -> None:
    task = await create_task(ana, **DETAILS)
    assert {name: task[name] for name in DETAILS} == DETAILS


async def test_a_due_time_is_kept_in_utc_to_the_microsecond(ana: Person) -> None:
    task = await create_task(ana, due_at="2026-03-01T09:30:00.000001-03:00")
    assert task["due_at"] == "2026-03-01T12:30:00.000001Z"
    read = (await ana.get(f"/tasks/{task['id']}")).json()
    assert read["due_at"] == "2026-03-01T12:30:00.000001Z"


async def test_a_new_task_has_a_location_and_an_etag(ana: Person) -> None:
    answer = await ana.post("/tasks", {"title": "Dig"})
    assert answer.headers["location"] == f"/api/v1/tasks/{answer.json()['id']}"
    assert answer.headers["etag"] == '"1"'


async def test_a_read_returns_the_created_task(ana: Person) -> None:
    created = await ana.post("/tasks", DETAILS)
    read = await ana.get(created.headers["location"].removeprefix("/api/v1"))
    assert (read.status_code, read.json()) == (200, created.json())
    assert read.headers["etag"] == created.headers["etag"]


async def test_every_field_is_accepted_at_its_limit(ana: Person) -> None:
    details: dict[str, Any] = {
        "title": "t" * 200,
        "description": "d" * 10_000,
        "labels": [f"{n:040}" for n in range(10)],
        "due_at": "2200-12-31T23:59:59.999999Z",
    }
    task = await create_task(ana, **details)
    assert {name: task[name] for name in details} == details


async def test_a_task_at_its_limits_fits_however_a_client_writes_it(ana: Person) -> None:
    longest: dict[str, Any] = {"title": "🏗" * 200, "description": "🏗" * 10_000}
    longest |= {"labels": ["🏗" * 39 + str(number) for number in range(10)]}
    written = json.dumps(longest, ensure_ascii=True)
    assert len(written) > 120_000
    headers = {"Content-Type": "application/json"}
    answer = await ana.request("POST", "/tasks", content=written, headers=headers)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("title", "", "too_short"),
        ("title", "   ", "invalid"),
        ("title", "t" * 201, "too_long"),
        ("title", "two\nlines", "invalid_text"),
        ("title", None, "wrong_type"),
        ("description", "d" * 10_001, "too_long"),
        ("description", None, "wrong_type"),
        ("priority", "top", "not_allowed"),
        ("due_at", "2026-03-01T12:00:00", "invalid_format"),
        ("due_at", "2201-01-01T00:00:00Z", "out_of_range"),
        ("labels", [f"l{n}" for n in range(11)], "too_long"),
        ("labels", ["twice", "twice"], "invalid"),
        ("labels", "home", "wrong_type"),
        ("status", "done", "unknown_field"),
        ("owner_id", "01890a5d-ac96-774b-bcce-b302099a8057", "unknown_field"),
    ],
)
async def test_an_invalid_value_is_refused_with_its_pointer_and_code(
    ana: Person, field: str, value: Any, code: str
) -> None:
    answer = await ana.post("/tasks", {"title": "Dig", field: value})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (f"/{field}", code)
    assert (await ana.get("/tasks")).json()["items"] == []


async def test_a_text_that_grows_when_it_is_normalized_is_refused_too(ana: Person) -> None:
    answer = await ana.post("/tasks", {"title": "\ufb2c" * 200})  # three characters each, in NFC
    assert answer.status_code == 422


async def test_a_task_without_a_title_is_refused(ana: Person) -> None:
    answer = await ana.post("/tasks", {"description": "Nameless."})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/title"
    assert answer.json()["errors"][0]["code"] == "required"


# --- Nothing new --------------------------------------------------------------------------------


@pytest.mark.parametrize("tags", ['"1"', 'W/"1"', "*", '"0", "1"', '"0" ,W/"1", "7"', 'W/"0","1"'])
async def test_a_client_with_the_current_version_gets_a_304(ana: Person, tags: str) -> None:
    task = await create_task(ana)

    answer = await ana.get(f"/tasks/{task['id']}", headers={"If-None-Match": tags})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == '"1"'


@pytest.mark.parametrize("tags", ['"2"', 'W/"2"', '"0", "2"', "1", '"11"', '""', "", "nonsense"])
async def test_a_client_with_another_version_gets_the_task(ana: Person, tags: str) -> None:
    task = await create_task(ana)

    answer = await ana.get(f"/tasks/{task['id']}", headers={"If-None-Match": tags})

    assert (answer.status_code, answer.json()) == (200, task)


async def test_after_a_change_the_old_version_gets_the_task_again(ana: Person) -> None:
    task = await create_task(ana)
    await ana.patch(f"/tasks/{task['id']}", {"title": "Dig deeper"}, version=1)

    answer = await ana.get(f"/tasks/{task['id']}", headers={"If-None-Match": '"1"'})

    assert (answer.status_code, answer.json()["title"]) == (200, "Dig deeper")
