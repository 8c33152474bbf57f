"""API keys: the credentials of programs."""

import asyncio
import datetime as dt
import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.container import ApplicationContainer
from app.core.http.routing import ApiRoute
from app.core.http.service import Service
from app.modules.user.application.handlers import WhenUserDeactivatedDeleteTheirKeys
from app.modules.user.application.housekeeping import ForgetOldKeys
from app.modules.user.domain.entities import Role, User
from app.modules.user.domain.events import UserDeactivated
from app.modules.user.domain.keys import KeySecret
from app.modules.user.infrastructure.tables import api_key
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.user.answers import complaints, problem, said
from tests.e2e.user.conftest import ChangeAccount, Rows
from tests.support.batches import call_to_the_end
from tests.support.people import PASSWORD, Person

DAY = dt.timedelta(days=1)
SHAPE = re.compile(r"alk_[0-9a-f]{12}_[0-9a-f]{64}")
REFUSED = (401, "unauthenticated")
READ, WRITE = "note:read", "note:write"
DRAFT = {"name": "x", "scopes": [READ], "current_password": PASSWORD}


async def make(person: Person, *scopes: str, **fields: Any) -> dict[str, Any]:
    fields = {"scopes": scopes or [READ], "current_password": person.password, **fields}
    draft = {"name": "Nightly report", **fields}
    answer = await person.post("/auth/keys", draft)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def program(owner: Person, key: dict[str, Any]) -> Person:
    """A client with the key, and nothing else."""
    return Person(owner.client, key["key"], "")


async def change_keys(container: ApplicationContainer, **values: Any) -> None:
    async with container.database().transaction() as connection:
        await connection.execute(Statement(update(api_key), columns=list(values)), values)
        await connection.commit()


async def test_a_key_is_shown_once_and_stored_as_its_fingerprint(ana: Person, rows: Rows) -> None:
    made = await make(ana)
    assert SHAPE.fullmatch(made["key"])
    assert made["key"].startswith(made["prefix"] + "_")
    [listed] = (await ana.get("/auth/keys")).json()["items"]
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert set(listed) == {
        *("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    }
    stored = str([dict(row) for row in await rows(select(api_key))])
    assert made["key"] not in stored
    assert made["key"].rpartition("_")[2] not in stored


async def test_a_key_can_do_only_what_its_scopes_allow(ana: Person) -> None:
    reads = program(ana, await make(ana, READ))
    writes = program(ana, await make(ana, READ, WRITE))
    assert (await writes.post("/notes", {"title": "Paint"})).status_code == 201
    assert len((await reads.get("/notes")).json()["items"]) == 1
    assert problem(await reads.post("/notes", {"title": "Paint"})) == (403, "forbidden")


async def test_a_key_is_refused_by_routes_without_a_permission(
    service: Service, ana: Person
) -> None:
    """A route that requires only a sign-in refuses keys: deny by default."""
    everything = program(ana, await make(ana, READ, WRITE))
    routes = [route for route in service.router.routes if isinstance(route, ApiRoute)]
    closed = [r for r in routes if not r.access.is_public and r.access.permission is None]
    assert len(closed) >= 9
    for route in closed:
        path = re.sub(r"{\w+}", "0190f5a0-0000-7000-8000-000000000001", route.path)
        for method in route.methods_served:
            answer = await everything.request(method, path.removeprefix("/api/v1"))
            assert problem(answer) == (403, "session_required"), (method, path)


async def test_the_scopes_of_a_key_must_be_permissions_of_its_owner(ana: Person) -> None:
    for scopes in (["user:admin"], [READ, "user:admin"], ["note:everything"]):
        answer = await ana.post("/auth/keys", {**DRAFT, "scopes": scopes})
        assert complaints(answer) == [("/scopes", "not_allowed")]
    assert (await ana.get("/auth/keys")).json() == {"items": []}


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_permission_that_the_owner_lost_is_lost_to_the_key(
    admin: Person, change_account: ChangeAccount
) -> None:
    key = program(admin, await make(admin, "user:admin", READ))
    assert (await key.get("/users")).status_code == 200

    def demote(user: User) -> None:
        user.roles = frozenset({Role.USER})

    await change_account("admin@example.com", demote)
    assert problem(await key.get("/users")) == (403, "forbidden")
    assert (await key.get("/notes")).status_code == 200


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_deleted_key_is_refused_and_not_listed(
    ana: Person, security_log: list[Any]
) -> None:
    made = await make(ana)
    key = program(ana, made)
    assert (await key.get("/notes")).status_code == 200
    answer = await ana.delete(f"/auth/keys/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert problem(await key.get("/notes")) == REFUSED
    assert (await ana.get("/auth/keys")).json() == {"items": []}
    assert [line["event"] for line in security_log] == ["key made", "key deleted"]
    assert made["key"] not in str(security_log)


async def test_another_users_key_is_answered_like_one_that_does_not_exist(
    ana: Person, bruno: Person
) -> None:
    brunos = await make(bruno)
    foreign = said(await ana.delete(f"/auth/keys/{brunos['id']}"))
    assert foreign == said(await ana.delete("/auth/keys/0190f5a0-0000-7000-8000-000000000001"))
    assert foreign.status == 404
    assert (await program(bruno, brunos).get("/notes")).status_code == 200
    assert (await ana.get("/auth/keys")).json() == {"items": []}


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_key_expires_at_its_time(ana: Person, container: ApplicationContainer) -> None:
    now = dt.datetime.now(dt.UTC)
    key = program(ana, await make(ana, expires_at=(now + DAY).isoformat()))
    assert (await key.get("/notes")).status_code == 200
    await change_keys(container, expires_at=now)
    assert problem(await key.get("/notes")) == REFUSED


async def test_a_key_must_expire_in_the_future_and_within_a_year(ana: Person) -> None:
    past = (dt.datetime.now(dt.UTC) - DAY).isoformat()
    for expires_at in (past, "2200-01-01T00:00:00Z"):
        answer = await ana.post("/auth/keys", {**DRAFT, "expires_at": expires_at})
        assert complaints(answer) == [("/expires_at", "out_of_range")]


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_key_of_a_closed_account_is_refused_for_good(
    ana: Person, change_account: ChangeAccount, container: ApplicationContainer
) -> None:
    key = program(ana, await make(ana))
    now = dt.datetime.now(dt.UTC)
    await change_account("ana@example.com", lambda user: user.deactivate(now=now))
    assert problem(await key.get("/notes")) == REFUSED
    async with container.user.uow() as uow:
        user_id = UUID(ana.id)
        await WhenUserDeactivatedDeleteTheirKeys()(UserDeactivated(user_id=user_id), uow)
        await uow.commit()

    def open_again(user: User) -> None:
        user.is_active = True

    await change_account("ana@example.com", open_again)
    assert problem(await key.get("/notes")) == REFUSED


@pytest.mark.usefixtures("nothing_remembered")
async def test_the_last_use_of_a_key_is_recorded_once_a_minute(
    ana: Person, rows: Rows, container: ApplicationContainer
) -> None:
    key = program(ana, await make(ana))
    await key.get("/notes")
    [first] = await rows(select(api_key.c.last_used_at))
    assert first["last_used_at"] is not None
    await key.get("/notes")
    assert await rows(select(api_key.c.last_used_at)) == [first]
    earlier = first["last_used_at"] - dt.timedelta(minutes=1)
    await change_keys(container, last_used_at=earlier)
    await key.get("/notes")
    [later] = await rows(select(api_key.c.last_used_at))
    assert later["last_used_at"] > first["last_used_at"]


async def test_an_account_has_at_most_fifty_keys_also_if_they_are_created_at_once(
    ana: Person, bruno: Person
) -> None:
    for _ in range(45):
        await make(ana)
    answers = await asyncio.gather(*(ana.post("/auth/keys", DRAFT) for _ in range(12)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 5 + [409] * 7
    refused = await ana.post("/auth/keys", DRAFT)
    assert problem(refused) == (409, "quota_exceeded")
    assert (refused.json()["quota"], refused.json()["limit"]) == ("api_keys", 50)
    [first, *_] = (await ana.get("/auth/keys")).json()["items"]
    await ana.delete(f"/auth/keys/{first['id']}")
    assert (await ana.post("/auth/keys", DRAFT)).status_code == 201
    assert (await bruno.post("/auth/keys", DRAFT)).status_code == 201


async def test_ending_other_sessions_leaves_the_keys(ana: Person) -> None:
    key = program(ana, await make(ana))
    await ana.delete("/auth/sessions")
    assert (await key.get("/notes")).status_code == 200


async def test_an_invalid_key_is_refused_like_any_credential(ana: Person) -> None:
    made = (await make(ana))["key"]
    refusal = said(await ana.client.get("/api/v1/notes"))
    for text in (
        *("alk_", "alk_x", made[:-1], made + "0", made.upper(), made[:-1] + "g"),
        *(KeySecret.make().text, made.removeprefix("alk_"), f"{made},{made}"),
    ):
        assert said(await Person(ana.client, text, "").get("/notes")) == refusal, text


async def test_a_purge_deletes_keys_that_expired_over_thirty_days_ago(
    ana: Person, rows: Rows, container: ApplicationContainer
) -> None:
    await make(ana)
    now = dt.datetime.now(dt.UTC)
    for expires_at, left in ((now + DAY, 1), (now - 29 * DAY, 1), (now - 30 * DAY, 0)):
        await change_keys(container, expires_at=expires_at)
        tick = ScheduleTick("user.forget_keys", now)
        await call_to_the_end(ForgetOldKeys(container.clock()), tick, container.user.uow)
        assert len(await rows(select(api_key))) == left
