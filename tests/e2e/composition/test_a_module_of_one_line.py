"""What a module brings works as soon as `app/container.py` has a line for it."""

from typing import Any

import pytest

from app.core.exceptions import Invalid
from app.core.http.service import Service
from app.modules.user.application.dto import RolesOfAddress
from app.modules.user.application.seed import USERS
from app.modules.user.domain.entities import LastAdministrator
from app.shared.application.seed import DemoData
from tests.e2e.composition.greetings import WithGreetings
from tests.e2e.user.answers import problem
from tests.support.people import PASSWORD, Person
from tests.support.scenario import Drain


async def greet(person: Person) -> Any:
    return await person.post("/greetings", {"name": "Ana"})


async def test_its_route_refuses_a_user_without_its_role(ana: Person) -> None:
    assert problem(await greet(ana)) == (403, "forbidden")


async def test_an_administrator_can_give_its_role_and_its_event_reaches_its_handler(
    ana: Person, admin: Person, container: WithGreetings, drain: Drain
) -> None:
    given = await admin.put(f"/users/{ana.id}/roles", {"roles": ["user", "herald"]}, version=1)
    assert given.json()["roles"] == ["herald", "user"]

    assert (await greet(ana)).status_code == 204
    await drain()

    assert container.greeting.board().texts[-1] == "Olá, Ana!"  # the word comes from its settings


async def test_the_command_can_give_its_role(ana: Person, container: WithGreetings) -> None:
    given = RolesOfAddress(email="ana@example.com", roles=["herald"])
    await container.user.set_roles().execute(given)

    assert (await ana.get("/users/me")).json()["roles"] == ["herald"]


async def test_the_command_cannot_remove_the_role_of_the_last_administrator(
    admin: Person, container: WithGreetings
) -> None:
    with pytest.raises(LastAdministrator):
        await container.user.set_roles().execute(
            RolesOfAddress(email="admin@example.com", roles=["herald"])
        )


async def test_an_undeclared_role_is_refused_with_the_list_of_roles(
    ana: Person, admin: Person, container: WithGreetings
) -> None:
    answer = await admin.put(f"/users/{ana.id}/roles", {"roles": ["user", "root"]}, version=1)
    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"] == [
        {
            "pointer": "/roles/1",
            "code": "not_allowed",
            "detail": "must be one of admin, herald, user",
        }
    ]
    with pytest.raises(Invalid):
        await container.user.set_roles().execute(
            RolesOfAddress(email="ana@example.com", roles=["root"])
        )


async def test_an_api_key_can_have_its_permission_as_a_scope(ana: Person, admin: Person) -> None:
    await admin.put(f"/users/{ana.id}/roles", {"roles": ["herald"]}, version=1)
    draft = {"current_password": PASSWORD, "name": "bot", "scopes": ["greeting:send_out"]}
    made = await ana.post("/auth/keys", draft)
    assert made.status_code == 201, made.text

    key = Person(ana.client, made.json()["key"], "")
    assert (await greet(key)).status_code == 204


async def test_its_tag_and_its_route_are_in_the_document(service: Service) -> None:
    document = service.openapi()
    assert document["paths"]["/api/v1/greetings"]["post"]["operationId"] == "greetings_send"
    assert {"name": "greetings", "description": "Greetings."} in document["tags"]


async def test_its_demo_data_is_written_after_that_of_earlier_modules(
    clean_database: None, container: WithGreetings
) -> None:
    demo, seeds = DemoData(), [*container.user.seeds(), *container.greeting.seeds()]
    said = [await seed(demo) for seed in seeds]
    assert said[-1] == f"Put up {len(USERS)} greetings."


async def test_its_resource_is_open_as_long_as_the_service_runs(container: WithGreetings) -> None:
    assert container.greeting.board().is_open
