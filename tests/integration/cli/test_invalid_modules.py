"""Each command reports a module that does not fit in one sentence, and so does the doctor."""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dependency_injector.providers import Dependency, Factory, List, Object
from pydantic import Field
from starlette.applications import Starlette

import app.cli
import app.doctor
from app.config.module_settings import ModuleSettings
from app.container import ApplicationContainer
from app.core.http.mounts import MountedApp
from app.core.http.parameters import CurrentActor
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body
from app.core.security import AUTHENTICATED, PUBLIC
from app.shared.container import module
from app.shared.module_container import ModuleContainer
from tests.integration.cli.conftest import Run, Set
from tests.support.ports import free_port

ROOT = Path(__file__).parents[3]
SENTENCE = (
    "shipping: nothing provides `find_carrier`, which ShippingContainer depends on; "
    "add it in app/container.py: shipping = module(ShippingContainer, find_carrier=…)"
)
# An invalid `app/container.py`, written before the command line is imported.
SPOILED = """
import runpy, sys
from app.modules.user.container import UserContainer
from app.shared import container

sys.argv = ["app", "doctor"]
given = container.module
container.module = lambda kind, **more: given(kind, **more, rates=None)
runpy.run_module("app", run_name="__main__")
"""


class ShippingContainer(ModuleContainer):
    find_carrier: Dependency[object] = Dependency()


Spoil = Callable[[type[ModuleContainer]], None]


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch, set_to: Set) -> Spoil:
    """Add a module that does not fit."""

    def spoil(kind: type[ModuleContainer]) -> None:
        class Spoiled(ApplicationContainer):
            shipping = module(kind)

        monkeypatch.setattr(app.cli, "ApplicationContainer", Spoiled)
        monkeypatch.setattr(app.doctor, "ApplicationContainer", Spoiled)
        set_to(port=free_port())

    return spoil


@pytest.fixture
def spoiled(spoil: Spoil) -> None:
    spoil(ShippingContainer)


@pytest.mark.parametrize("command", ["serve", "worker", "seed", "openapi", "users verify a@b.cd"])
def test_a_command_stops_with_one_sentence(run: Run, spoiled: None, command: str) -> None:
    run("migrate")
    code, output, errors = run(*command.split())
    assert (code, errors) == (1, f"{SENTENCE}\n")
    assert "is at http" not in output


def test_the_doctor_reports_it_and_says_how_to_mend_it(run: Run, spoiled: None) -> None:
    code, output, _ = run("doctor")
    wrong, _, fix = SENTENCE.partition("; ")
    assert code == 1
    assert f" trouble  modules  {wrong}\n" in output
    assert f"fix: {fix}\n" in output


# --- One of each kind of mistake ----------------------------------------------------------------


class RoleThatNoModuleDeclares(ModuleContainer):
    permissions = Object({"carier": {"shipping:write"}})


class Parcel(Body):
    sent_on: dt.date


async def create(body: Parcel) -> None: ...


async def find(number: int = 1) -> None: ...


def routes(endpoint: Any) -> ApiRouter:
    router = ApiRouter("/api/v1/parcels")
    router.post("", endpoint, access=AUTHENTICATED, status_code=204)
    return router


class TypeWithoutAForm(ModuleContainer):
    routers = List(Factory(routes, create))


class RouteThatNoPlanKeeps(ModuleContainer):
    routers = List(Factory(routes, find))


def pages() -> MountedApp:
    return MountedApp("/api/v1/users", Starlette(), access=AUTHENTICATED)


class MountOverAPath(ModuleContainer):
    routers = List(Factory(pages))


class ShippingSettings(ModuleSettings):
    prefix = "API_KEY_"

    days: int = Field(1, description="How many.", examples=["1"])


class SettingOfAnotherModule(ModuleContainer):
    settings: Dependency[ShippingSettings] = Dependency(instance_of=ShippingSettings)


@pytest.mark.parametrize(
    ("kind", "wrong", "fix"),
    [
        (
            RoleThatNoModuleDeclares,
            "shipping: gives permissions to the role 'carier', which no module declares",
            "declare it in `roles`, or name one of: admin, user",
        ),
        (
            TypeWithoutAForm,
            "Parcel.sent_on: date has no form, or several",
            "use Date of schema_values.py.",
        ),
        (
            RouteThatNoPlanKeeps,
            (
                "POST /api/v1/parcels: its parameter `number` has a default: make it a field of a "
                "model of Parameters, which the endpoint takes as "
                "`query: Annotated[Model, Query()]`"
            ),
            "or use by_fastapi=True (see docs/fastapi.md)",
        ),
        (
            MountOverAPath,
            "nothing can be mounted at /api/v1/users: /api/v1/users/me exists already",
            "use another path",
        ),
        (
            SettingOfAnotherModule,
            "API_KEY_DAYS: is a setting of UserSettings and of ShippingSettings",
            "give one of them another prefix or another name",
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_mistake_stops_the_start_and_the_sentence_says_how_to_mend_it(
    run: Run, spoil: Spoil, kind: type[ModuleContainer], wrong: str, fix: str
) -> None:
    spoil(kind)
    run("migrate")
    code, output, errors = run("serve")
    assert (code, "is at http" in output) == (1, False)
    assert f"{wrong}; {fix}\n" in errors
    code, output, _ = run("doctor")
    assert code == 1
    assert f"{wrong}\n" in output
    assert f"fix: {fix}\n" in output


async def show(actor: CurrentActor) -> None: ...


def public_routes() -> ApiRouter:
    router = ApiRouter("/api/v1/parcels")
    router.get("", show, access=PUBLIC, status_code=204)
    return router


class PublicRouteThatTakesAnActor(ModuleContainer):
    routers = List(Factory(public_routes))


def test_the_doctor_shows_a_mistake_whose_sentence_has_one_part(run: Run, spoil: Spoil) -> None:
    spoil(PublicRouteThatTakesAnActor)
    code, output, _ = run("doctor")
    wrong = "/api/v1/parcels: a public route has no actor, so its endpoint cannot take one"
    assert code == 1
    assert f" trouble  modules  {wrong}\n" in output


# --- The line in app/container.py ---------------------------------------------------------------


def test_an_invalid_line_is_reported_in_one_sentence_by_every_command() -> None:
    command = [sys.executable, "-c", SPOILED]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own Python
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "app/container.py gives UserContainer `rates`, for which it has no Dependency; "
        "declare one there, or remove the argument\n"
    )
