"""An answer is stored for every new key, so their size is limited for each account."""

import pytest

from app.container import ApplicationContainer
from app.core.http.service import Service
from app.shared.infrastructure.idempotency_quota import BYTES_OF_A_ROW
from tests.support.people import Person

QUOTA = 3 * (BYTES_OF_A_ROW + 2_000)


@pytest.fixture(autouse=True)
def little_room(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    container: ApplicationContainer = service.state.container
    monkeypatch.setattr(container.idempotency_quota(), "_most", QUOTA)


async def test_a_new_key_is_refused_when_the_stored_answers_reach_the_quota(
    ana: Person, bruno: Person
) -> None:
    draft = {"title": "Lay the foundation", "text": "x" * 2_000}

    async def create(person: Person, number: int) -> tuple[int, str]:
        headers = {"idempotency-key": f"key-{number}"}
        answer = await person.request("POST", "/notes", headers=headers, json=draft)
        return answer.status_code, answer.json().get("quota", "")

    seen = [await create(ana, number) for number in range(20)]
    created = seen.index((409, "idempotency_bytes"))
    assert seen == [(201, "")] * created + [(409, "idempotency_bytes")] * (20 - created)
    assert 2 <= created <= 3
    assert await create(ana, 0) == (201, "")  # a stored answer is still sent
    assert (await ana.post("/notes", draft)).status_code == 201
    assert await create(bruno, 0) == (201, "")
