from typing import Any

import httpx2
import pytest

from tests.e2e.events.conftest import Failed
from tests.support.dead_letters import HANDLER
from tests.support.people import Person
from tests.support.scenario import Drain

EVENTS = "/admin/events"
OF_HANDLER = f"{EVENTS}/handlers/{HANDLER}"

# Every route, with its body.
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", EVENTS, None),
    ("GET", f"{EVENTS}/1", None),
    ("GET", f"{EVENTS}/lag", None),
    ("GET", f"{EVENTS}/streams", None),
    ("GET", f"{EVENTS}/handlers", None),
    ("POST", f"{EVENTS}/1/retry", None),
    ("POST", f"{EVENTS}/1/discard", {"reason": "wrong"}),
    ("POST", f"{OF_HANDLER}/retry", None),
    ("POST", f"{OF_HANDLER}/discard", {"reason": "wrong"}),
    ("POST", f"{OF_HANDLER}/replay", {"since": "2026-01-01T00:00:00Z"}),
    ("POST", f"{OF_HANDLER}/backfill", {"since": "2026-01-01T00:00:00Z"}),
    ("POST", f"{OF_HANDLER}/pause", None),
    ("POST", f"{OF_HANDLER}/resume", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_only_an_administrator_can_use_the_admin_api(
    client: httpx2.AsyncClient, ana: Person, method: str, path: str, body: Any
) -> None:
    options = {} if body is None else {"json": body}
    assert (await client.request(method, f"/api/v1{path}", **options)).status_code == 401
    refused = await ana.request(method, path, **options)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_dead_letter_is_listed_shown_and_retried(
    admin: Person, failed: Failed, drain: Drain
) -> None:
    dead, blocked = await failed()

    listed = await admin.get(f"{EVENTS}?state=dead&handler={HANDLER}")
    assert listed.status_code == 200
    (delivery,) = listed.json()["items"]
    assert (delivery["id"], delivery["last_error"]) == (dead, "ValueError: no")

    shown = (await admin.get(f"{EVENTS}/{dead}")).json()
    assert shown["event"]["type"] == "user.deactivated"
    assert [attempt["error"] for attempt in shown["attempts"]] == ["ValueError: no"]
    assert (shown["blocks"], shown["first_blocked"][0]["id"]) == (1, blocked)

    tried = await admin.post(f"{EVENTS}/{dead}/retry")
    assert tried.status_code == 200
    await drain()
    assert await are_done(admin, dead, blocked)

    again = await admin.post(f"{EVENTS}/{dead}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "delivery_not_dead")


async def test_a_discarded_dead_letter_unblocks_its_stream(
    admin: Person, failed: Failed, drain: Drain
) -> None:
    dead, blocked = await failed()
    given_up = await admin.post(f"{EVENTS}/{dead}/discard", {"reason": "the account is gone"})
    assert given_up.status_code == 200
    note = f"discarded by {admin.id}: the account is gone"
    assert given_up.json()["delivery"]["last_error"] == note
    assert given_up.json()["delivery"]["state"] == "discarded"
    await drain()
    assert await are_done(admin, blocked)


async def test_a_paused_handler_is_listed_and_what_is_retried_waits_for_its_resume(
    admin: Person, failed: Failed, drain: Drain
) -> None:
    dead, blocked = await failed()
    assert (await admin.post(f"{OF_HANDLER}/pause")).status_code == 204
    assert await paused(admin) == [HANDLER]

    retried = await admin.post(f"{OF_HANDLER}/retry")
    assert retried.json() == {"deliveries": 1}
    for state, waiting in ("ready", dead), ("blocked", blocked):
        listed = (await admin.get(f"{EVENTS}?state={state}&handler={HANDLER}")).json()["items"]
        assert [delivery["id"] for delivery in listed] == [waiting]

    assert (await admin.post(f"{OF_HANDLER}/resume")).status_code == 204
    assert await paused(admin) == []
    await drain()
    assert await are_done(admin, dead, blocked)


async def test_all_dead_letters_of_a_handler_are_discarded_at_once(
    admin: Person, failed: Failed
) -> None:
    await failed()
    await failed()
    answer = await admin.post(f"{OF_HANDLER}/discard", {"reason": "wrong"})
    assert (answer.status_code, answer.json()) == (200, {"deliveries": 2})


async def test_events_are_replayed_and_backfilled(
    admin: Person, failed: Failed, drain: Drain
) -> None:
    dead, blocked = await failed()
    await admin.post(f"{EVENTS}/{dead}/discard", {"reason": "wrong"})
    await drain()
    assert await are_done(admin, blocked)
    since = {"since": "2026-01-01T00:00:00+01:00"}

    again = await admin.post(f"{OF_HANDLER}/replay", since)
    assert (again.status_code, again.json()) == (200, {"deliveries": 1})
    discarded = await admin.post(f"{OF_HANDLER}/replay", since | {"discarded": True})
    assert (discarded.status_code, discarded.json()) == (200, {"deliveries": 1})
    # Existing deliveries are not added again.
    filled_in = await admin.post(f"{OF_HANDLER}/backfill", since)
    assert (filled_in.status_code, filled_in.json()) == (200, {"deliveries": 0})

    schedule = await admin.post(f"{EVENTS}/handlers/user.forget_sessions/replay", since)
    assert (schedule.status_code, schedule.json()["code"]) == (409, "handler_without_events")


async def test_lag_and_streams_show_blocked_deliveries(admin: Person, failed: Failed) -> None:
    dead, _ = await failed()
    lag = (await admin.get(f"{EVENTS}/lag")).json()["items"]
    (of_handler,) = [each for each in lag if each["handler"] == HANDLER]
    assert (of_handler["dead"], of_handler["blocked"], of_handler["is_known"]) == (1, 1, True)

    (stream,) = (await admin.get(f"{EVENTS}/streams")).json()["items"]
    assert (stream["behind"], stream["behind_state"], stream["waiting"]) == (dead, "dead", 1)


async def test_the_list_has_pages_and_a_cursor_works_in_its_own_list_only(
    admin: Person, failed: Failed
) -> None:
    expected = sorted([*await failed(), *await failed()], reverse=True)
    first = (await admin.get(f"{EVENTS}?handler={HANDLER}&limit=3")).json()
    cursor = first["next_cursor"]
    second = (await admin.get(f"{EVENTS}?handler={HANDLER}&limit=3&cursor={cursor}")).json()
    assert [each["id"] for each in first["items"] + second["items"]] == expected
    assert second["next_cursor"] is None

    elsewhere = await admin.get(f"{EVENTS}?state=dead&cursor={cursor}")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("method", "path", "body", "answered"),
    [
        ("GET", f"{EVENTS}/404", None, (404, "delivery_not_found")),
        ("POST", f"{EVENTS}/404/retry", None, (404, "delivery_not_found")),
        ("POST", f"{EVENTS}/404/discard", {"reason": "wrong"}, (404, "delivery_not_found")),
        ("GET", f"{EVENTS}?handler=no.such", None, (404, "handler_not_found")),
        ("POST", f"{EVENTS}/handlers/no.such/retry", None, (404, "handler_not_found")),
        ("POST", f"{EVENTS}/handlers/no.such/pause", None, (404, "handler_not_found")),
        ("GET", f"{EVENTS}/abc", None, (422, "invalid")),
        ("GET", f"{EVENTS}?state=lost", None, (422, "invalid")),
        ("GET", f"{EVENTS}?unknown=1", None, (422, "invalid")),
        ("GET", f"{EVENTS}/lag?unknown=1", None, (422, "invalid")),
        ("POST", f"{EVENTS}/1/discard", {"reason": ""}, (422, "invalid")),
        ("POST", f"{EVENTS}/1/discard", {"reason": "wrong", "more": 1}, (422, "invalid")),
        ("POST", f"{OF_HANDLER}/replay", {"since": "yesterday"}, (422, "invalid")),
    ],
)
async def test_an_unknown_or_invalid_value_is_a_problem(
    admin: Person, method: str, path: str, body: Any, answered: tuple[int, str]
) -> None:
    options = {} if body is None else {"json": body}
    answer = await admin.request(method, path, **options)
    assert (answer.status_code, answer.json()["code"]) == answered


async def paused(admin: Person) -> list[str]:
    handlers = (await admin.get(f"{EVENTS}/handlers")).json()["items"]
    return [handler["id"] for handler in handlers if handler["paused_at"] is not None]


async def are_done(admin: Person, *delivery_ids: int) -> bool:
    return {await state(admin, delivery_id) for delivery_id in delivery_ids} == {"done"}


async def state(admin: Person, delivery_id: int) -> str:
    shown = await admin.get(f"{EVENTS}/{delivery_id}")
    return str(shown.json()["delivery"]["state"])
