"""Each transition of a task with an Idempotency-Key: a repetition is answered and has no effect."""

import pytest

from tests.modules.task.samples import create_task
from tests.support.people import Person


@pytest.mark.parametrize("step", ["start", "complete", "cancel"])
async def test_each_transition_of_a_task_can_be_repeated_with_its_key(
    ana: Person, step: str
) -> None:
    path = f"/tasks/{(await create_task(ana))['id']}/{step}"
    answers = [await ana.post(path, version=1, key="one") for _ in range(2)]
    assert answers[1].json() == answers[0].json()
    assert answers[0].json()["version"] == 2
    assert (await ana.post(path, version=1)).status_code == 412


async def test_assigning_and_restoring_can_be_repeated_with_their_key(
    ana: Person, bruno: Person
) -> None:
    path = f"/tasks/{(await create_task(ana))['id']}"
    body = {"assignee_id": bruno.id}
    answers = [await ana.post(f"{path}/assign", body, version="*", key="one") for _ in range(2)]
    assert answers[1].json() == answers[0].json()
    assert (await ana.delete(path, version="*")).status_code == 204
    answers = [await ana.post(f"{path}/restore", key="one") for _ in range(2)]
    assert answers[1].json() == answers[0].json()
    assert answers[0].status_code == 200
