"""A task is revised: omitted fields stay, and no change is lost."""

import asyncio
from typing import Any

import pytest

from app.shared.infrastructure.database.connection import Database
from tests.modules.task.samples import create_task
from tests.support.events import count_events
from tests.support.people import Person

DETAILS: dict[str, Any] = {
    "title": "Lay the foundation",
    "description": "Deep enough.",
    "priority": "high",
    "due_at": "2026-03-01T12:00:00Z",
    "labels": ["home"],
}
CHANGED: dict[str, Any] = {
    "title": "Raise the walls",
    "description": "",
    "priority": "low",
    "due_at": None,
    "labels": [],
}


@pytest.fixture
async def task(ana: Person) -> dict[str, Any]:
    return await create_task(ana, **DETAILS)


@pytest.fixture
def path(task: dict[str, Any]) -> str:
    return f"/tasks/{task['id']}"


# --- What a patch means -------------------------------------------------------------------------


@pytest.mark.parametrize("field", CHANGED)
async def test_a_patch_changes_only_its_fields(
    ana: Person, task: dict[str, Any], path: str, field: str
) -> None:
    answer = await ana.patch(path, {field: CHANGED[field]}, version=1)

    revised = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert revised["updated_at"] > task["updated_at"]
    changed = {field: CHANGED[field], "version": 2, "updated_at": revised["updated_at"]}
    assert revised == task | changed
    assert (await ana.get(path)).json() == revised


async def test_a_patch_may_change_everything_at_once(ana: Person, path: str) -> None:
    revised = (await ana.patch(path, CHANGED, version=1)).json()
    assert {name: revised[name] for name in CHANGED} == CHANGED
    assert revised["version"] == 2


async def test_a_patch_may_have_the_type_of_a_merge_patch(ana: Person, path: str) -> None:
    headers = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    answer = await ana.request("PATCH", path, content=b'{"due_at": null}', headers=headers)
    assert (answer.status_code, answer.json()["due_at"]) == (200, None)


@pytest.mark.parametrize("field", ["title", "description", "priority", "labels"])
async def test_a_required_field_cannot_be_null(ana: Person, path: str, field: str) -> None:
    answer = await ana.patch(path, {field: None}, version=1)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]


@pytest.mark.parametrize("field", ["status", "owner_id", "assignee_id", "version", "unheard_of"])
async def test_a_patch_refuses_fields_that_cannot_be_revised(
    ana: Person, path: str, field: str
) -> None:
    answer = await ana.patch(path, {field: "anything"}, version=1)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_field")


@pytest.mark.parametrize("patch", [{}, DETAILS, {"title": DETAILS["title"]}])
async def test_a_patch_without_changes_keeps_the_version_and_publishes_no_event(
    ana: Person, task: dict[str, Any], path: str, patch: dict[str, Any], database: Database
) -> None:
    events = await count_events(database)

    answer = await ana.patch(path, patch, version=1)

    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert answer.json() == task
    assert (await ana.get(path)).json() == task
    assert await count_events(database) == events


@pytest.mark.parametrize("step", ["complete", "cancel"])
async def test_a_task_that_is_closed_can_still_be_revised(
    ana: Person, path: str, step: str
) -> None:
    await ana.post(f"{path}/{step}", version=1)
    answer = await ana.patch(path, {"description": "In the end."}, version=2)
    assert (answer.status_code, answer.json()["description"]) == (200, "In the end.")


# --- Which version was seen ---------------------------------------------------------------------


async def test_a_write_without_if_match_is_refused(ana: Person, path: str) -> None:
    answer = await ana.patch(path, {"title": "Other"})
    assert (answer.status_code, answer.json()["code"]) == (428, "version_required")


@pytest.mark.parametrize(
    "tag",
    ['"0"', '"2"', 'W/"2"', "1", '"1', '"1", "2"', '"a"', '"-1"', '""', "", '"' + "9" * 19 + '"'],
)
async def test_a_write_with_any_other_version_is_refused(
    ana: Person, task: dict[str, Any], path: str, tag: str
) -> None:
    answer = await ana.patch(path, {"title": "Other"}, version=tag)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale_version")
    assert (await ana.get(path)).json() == task


async def test_an_outdated_version_is_stale(ana: Person, path: str) -> None:
    await ana.patch(path, {"title": "First"}, version=1)
    answer = await ana.patch(path, {"title": "Second"}, version=1)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale_version")
    assert (await ana.get(path)).json()["title"] == "First"


async def test_a_stale_version_is_stale_even_if_nothing_would_change(
    ana: Person, task: dict[str, Any], path: str
) -> None:
    assert (await ana.patch(path, {}, version=7)).status_code == 412


async def test_a_star_accepts_any_version(ana: Person, path: str) -> None:
    await ana.patch(path, {"title": "First"}, version="*")
    answer = await ana.patch(path, {"title": "Second"}, version="*")
    assert (answer.status_code, answer.json()["version"]) == (200, 3)


@pytest.mark.parametrize(
    ("method", "step", "body"),
    [
        ("POST", "/start", None),
        ("POST", "/complete", None),
        ("POST", "/cancel", None),
        ("POST", "/reopen", None),
        ("POST", "/assign", {"assignee_id": None}),
        ("DELETE", "", None),
    ],
)
async def test_every_write_of_a_task_requires_and_checks_the_version(
    ana: Person, path: str, method: str, step: str, body: Any
) -> None:
    options: dict[str, Any] = {} if body is None else {"json": body}
    without = await ana.request(method, path + step, **options)
    stale = await ana.request(method, path + step, headers={"If-Match": '"7"'}, **options)
    assert (without.status_code, stale.status_code) == (428, 412)
    assert (await ana.get(path)).json()["version"] == 1


# --- At the same moment -------------------------------------------------------------------------


async def test_one_of_many_concurrent_changes_of_the_same_version_succeeds(
    ana: Person, path: str, database: Database
) -> None:
    titles = [f"By number {n}" for n in range(12)]

    answers = await asyncio.gather(
        *(ana.patch(path, {"title": title}, version=1) for title in titles)
    )

    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert set(codes[1:]) <= {409, 412}
    (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert (await ana.get(path)).json() == winner
    assert await count_events(database) == 2


async def test_many_concurrent_changes_of_any_version_lose_nothing(
    ana: Person, path: str, database: Database
) -> None:
    answers = await asyncio.gather(
        *(ana.patch(path, {"title": f"By number {n}"}, version="*") for n in range(12))
    )

    succeeded = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    versions = sorted(answer.json()["version"] for answer in succeeded)
    assert versions == list(range(2, 2 + len(succeeded)))
    assert (await ana.get(path)).json()["version"] == versions[-1]
    assert await count_events(database) == 1 + len(succeeded)
