"""A POST with an Idempotency-Key has one effect, and each repetition gets its first answer."""

import asyncio
import datetime as dt
from typing import Any

import httpx2
import pytest

from app.core.http.routing import ApiRoute
from app.core.http.service import Service
from app.core.idempotency import Answer, IdempotentCall
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.idempotency import DeferredCommit, ForgetAnswers
from tests.modules.note.domain import NoteWritten
from tests.support.people import Person
from tests.support.published import Published

DRAFT = {"title": "Lay the foundation"}


async def post(
    person: Person, path: str, body: Any = None, *, key: str, **headers: str
) -> httpx2.Response:
    given = {"idempotency-key": key, **{name.replace("_", "-"): v for name, v in headers.items()}}
    options = {} if body is None else {"json": body}
    return await person.request("POST", path, headers=given, **options)


def said(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    """Return the answer without what identifies this request."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.content, headers


async def count(person: Person) -> int:
    answer = await person.get("/notes?with_total=true")
    total: int = answer.json()["total"]
    return total


async def test_a_repeated_request_has_one_effect_and_the_same_answer(ana: Person) -> None:
    first = await post(ana, "/notes", DRAFT, key="one")
    again = [await post(ana, "/notes", DRAFT, key="one") for _ in range(3)]
    assert first.status_code == 201
    assert {"etag", "location"} <= first.headers.keys()
    assert [said(each) for each in again] == [said(first)] * 3
    assert await count(ana) == 1


async def test_a_request_without_a_key_or_with_another_one_has_its_own_effect(ana: Person) -> None:
    await post(ana, "/notes", DRAFT, key="one")
    await post(ana, "/notes", DRAFT, key="two")
    await ana.post("/notes", DRAFT)
    await ana.post("/notes", DRAFT)
    assert await count(ana) == 4


async def test_a_repetition_gets_the_first_answer_after_later_changes(ana: Person) -> None:
    note = await ana.write_note()
    path = f"/notes/{note['id']}/archive"
    first = await post(ana, path, key="one", if_match='"1"')
    assert first.status_code == 200
    assert (await ana.delete(f"/notes/{note['id']}", version=2)).status_code == 204
    again = await post(ana, path, key="one", if_match='"1"')
    assert said(again) == said(first)


async def test_a_transition_can_be_repeated(ana: Person) -> None:
    path = f"/notes/{(await ana.write_note())['id']}"
    answers = [await post(ana, f"{path}/archive", key="one", if_match='"1"') for _ in range(2)]
    assert said(answers[1]) == said(answers[0])
    assert answers[0].json()["version"] == 2
    assert (await ana.post(f"{path}/archive", version=1)).status_code == 412


@pytest.mark.parametrize(
    ("path", "body", "if_match"),
    [("/notes", {"title": "Paint"}, ""), ("/notes", DRAFT, '"7"'), ("/notes", {**DRAFT}, "*")],
)
async def test_a_key_is_refused_for_another_request(
    ana: Person, path: str, body: Any, if_match: str
) -> None:
    await post(ana, "/notes", DRAFT, key="one")
    answer = await post(ana, path, body, key="one", if_match=if_match)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await count(ana) == 1


async def test_a_key_is_refused_for_another_object(ana: Person) -> None:
    paths = [f"/notes/{(await ana.write_note())['id']}/archive" for _ in range(2)]
    assert (await post(ana, paths[0], key="one", if_match="*")).status_code == 200
    assert (await post(ana, paths[1], key="one", if_match="*")).status_code == 422


async def test_two_users_can_use_the_same_key(ana: Person, bruno: Person) -> None:
    ids = {(await post(who, "/notes", DRAFT, key="one")).json()["id"] for who in (ana, bruno)}
    assert len(ids) == 2


async def test_the_same_key_at_another_address_is_a_new_key(ana: Person) -> None:
    note = await ana.write_note()
    for step in ("archive", "take-back"):
        answer = await post(ana, f"/notes/{note['id']}/{step}", key="one", if_match="*")
        assert answer.status_code == 200


@pytest.mark.parametrize("key", ["", " ", "a b", "\tx", "x" * 256, "\u00e9", "a\x7f"])
async def test_an_invalid_key_is_refused(ana: Person, key: str) -> None:
    headers = [(b"idempotency-key", key.encode("latin-1"))]
    headers.append((b"authorization", f"Bearer {ana.access_token}".encode()))
    answer = await ana.client.post("/api/v1/notes", json=DRAFT, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert await count(ana) == 0


@pytest.mark.parametrize("key", ["x", "x" * 255, '"8e03978e-40d5"', "!~"])
async def test_any_visible_ascii_is_a_key(ana: Person, key: str) -> None:
    answers = [await post(ana, "/notes", DRAFT, key=key) for _ in range(2)]
    assert said(answers[1]) == said(answers[0])


async def test_a_refusal_is_not_stored(ana: Person) -> None:
    assert (await post(ana, "/notes", {"title": ""}, key="one")).status_code == 422
    assert (await post(ana, "/notes", DRAFT, key="one")).status_code == 201
    note = await ana.write_note()
    path = f"/notes/{note['id']}/take-back"
    assert (await post(ana, path, key="two", if_match="*")).status_code == 409
    await ana.post(f"/notes/{note['id']}/archive", version="*")
    assert (await post(ana, path, key="two", if_match="*")).status_code == 200


async def test_many_concurrent_repetitions_have_one_effect_and_no_error(ana: Person) -> None:
    answers = await asyncio.gather(*(post(ana, "/notes", DRAFT, key="one") for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert {each.json()["code"] for each in waiting} <= {"idempotency_in_progress"}
    assert all(each.headers["retry-after"] == "1" for each in waiting)
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await count(ana) == 1


async def test_events_are_published_once(ana: Person, published: Published) -> None:
    for _ in range(3):
        await post(ana, "/notes", DRAFT, key="one")
    assert len(await published.of(NoteWritten)) == 1


async def test_after_a_day_an_answer_is_deleted_and_its_key_is_new(
    service: Service, ana: Person
) -> None:
    database = service.state.container.database()
    await post(ana, "/notes", DRAFT, key="one")

    async def forget(hours: float) -> None:
        tick: Any = ScheduleTick
        await ForgetAnswers(database, dt.timedelta(hours=hours))(tick, "")

    await forget(24)
    await post(ana, "/notes", DRAFT, key="one")
    assert await count(ana) == 1
    await forget(-1)
    await post(ana, "/notes", DRAFT, key="one")
    assert await count(ana) == 2


async def test_a_caller_without_permission_gets_no_stored_answer(ana: Person) -> None:
    await post(ana, "/notes", DRAFT, key="one")
    await ana.post("/auth/logout")
    assert (await post(ana, "/notes", DRAFT, key="one")).status_code == 401


def test_every_post_of_users_accepts_a_key_and_documents_it(service: Service) -> None:
    posts = [
        route
        for route in service.router.routes
        if isinstance(route, ApiRoute)
        and route.methods_served == {"POST"}
        and not route.access.is_public
    ]
    taking = {route.path for route in posts if route.takes_key}
    others = {route.path for route in posts} - taking
    # Routes of administrators, and those whose answer is secret, personal or final.
    own = {"/api/v1/auth/keys", "/api/v1/auth/logout", "/api/v1/jobs/{job_id}/cancel"}
    ours = ("/api/v1/admin/events/", "/api/v1/users/")
    assert {path for path in others - own if not path.startswith(ours)} == set()
    assert "/api/v1/notes" in taking
    paths = service.openapi()["paths"]
    documented = {
        path
        for path, operations in paths.items()
        for each in operations.get("post", {}).get("parameters", ())
        if each["name"] == "Idempotency-Key"
    }
    refreshes = {"/api/v1/auth/refresh", "/api/v1/auth/token"}  # they have their own rule
    assert documented - refreshes == taking


async def reaches(call: asyncio.Task[Any], place: asyncio.Event) -> None:
    """Wait until a call reaches a place; fail if it ends before."""
    waiting = asyncio.create_task(place.wait())
    await asyncio.wait({waiting, call}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    assert place.is_set(), "the call ended before"


async def test_a_repetition_during_the_first_call_waits_or_gets_a_409(
    ana: Person, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, gate, commit = asyncio.Event(), asyncio.Event(), DeferredCommit.commit

    async def commit_later(
        self: DeferredCommit, call: IdempotentCall, answer: Answer | None, /
    ) -> None:
        reached.set()
        await gate.wait()
        await commit(self, call, answer)

    monkeypatch.setattr(DeferredCommit, "commit", commit_later)
    first = asyncio.create_task(post(ana, "/notes", DRAFT, key="one"))
    await reaches(first, reached)
    second = asyncio.create_task(post(ana, "/notes", DRAFT, key="one"))
    if database_url.startswith("postgresql"):  # on SQLite writers do not run at the same time
        async with asyncio.timeout(30):
            answer = await second
        assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
        assert answer.json()["code"] == "idempotency_in_progress"
        second = first
    gate.set()
    assert said(await second) == said(await first)
    assert said(await post(ana, "/notes", DRAFT, key="one")) == said(await first)
    assert await count(ana) == 1


async def test_a_cancelled_repetition_leaves_nothing_behind(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, commit = asyncio.Event(), DeferredCommit.commit

    async def never(self: DeferredCommit, call: IdempotentCall, answer: Answer | None, /) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(DeferredCommit, "commit", never)
    given_up = asyncio.create_task(post(ana, "/notes", DRAFT, key="one"))
    await reaches(given_up, reached)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert await count(ana) == 0
    monkeypatch.setattr(DeferredCommit, "commit", commit)
    assert (await post(ana, "/notes", DRAFT, key="one")).status_code == 201
    assert await count(ana) == 1
