"""Each transition of a task with an Idempotency-Key: a repetition is answered and has no effect."""

import httpx2
import pytest

from tests.modules.task.samples import create_task
from tests.support.people import Person


async def post(person: Person, path: str, body: object = None, **headers: str) -> httpx2.Response:
    given = {"Idempotency-Key": "one", **{n.replace("_", "-"): v for n, v in headers.items()}}
    options = {} if body is None else {"json": body}
    return await person.request("POST", path, headers=given, **options)


@pytest.mark.parametrize("step", ["start", "complete", "cancel"])
async def test_each_transition_of_a_task_can_be_repeated_with_its_key(
    ana: Person, step: str
) -> None:
    path = f"/tasks/{(await create_task(ana))['id']}/{step}"
    answers = [await post(ana, path, if_match='"1"') for _ in range(2)]
    assert answers[1].json() == answers[0].json()
    assert answers[0].json()["version"] == 2
    assert (await ana.post(path, version=1)).status_code == 412


async def test_assigning_and_restoring_can_be_repeated_with_their_key(
    ana: Person, bruno: Person
) -> None:
    path = f"/tasks/{(await create_task(ana))['id']}"
    body = {"assignee_id": bruno.id}
    answers = [await post(ana, f"{path}/assign", body, if_match="*") for _ in range(2)]
    assert answers[1].json() == answers[0].json()
    assert (await ana.delete(path, version="*")).status_code == 204
    answers = [await post(ana, f"{path}/restore") for _ in range(2)]
    assert answers[1].json() == answers[0].json()
    assert answers[0].status_code == 200
