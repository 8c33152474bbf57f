"""Modules are composed by their containers; a module that does not fit stops the start."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from dependency_injector.providers import Dependency, Factory, List, Object, Singleton
from pydantic import Field, SecretStr
from starlette.applications import Starlette

from app.config.module_settings import ModuleSettings
from app.config.settings import InvalidSettingsError, Settings
from app.container import ApplicationContainer
from app.core.events import subscribe
from app.core.exceptions import CompositionError
from app.core.http.mounts import MountedApp
from app.core.http.routing import ApiRouter
from app.core.run_limits import Everywhere
from app.core.security import AUTHENTICATED, PUBLIC, Access, scope
from app.modules.user.domain.events import UserRegistered
from app.shared.composition import routers_of
from app.shared.container import module
from app.shared.domain.events import DomainEvent
from app.shared.domain.jobs import Job
from app.shared.module_container import ModuleContainer
from tests.support.production import KEY


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    given: dict[str, Any] = {"app_env": "test", "jwt_secret_key": KEY, "data_dir": tmp_path}
    return Settings(_env_file=None, **given)


def refused(settings: Settings, **modules: Any) -> list[str]:
    """Return the errors of a service that also has these modules."""
    with pytest.raises(CompositionError) as error:
        routers_of(with_modules(**modules).build(settings))
    return str(error.value).splitlines()


def with_modules(**modules: Any) -> type[ApplicationContainer]:
    return type("Service", (ApplicationContainer,), modules)


# --- Dependencies -------------------------------------------------------------------------------


class AsksForRates(ModuleContainer):
    find_rate: Dependency[object] = Dependency()


def test_a_dependency_that_nothing_provides_stops_the_start(settings: Settings) -> None:
    assert refused(settings, invoice=module(AsksForRates)) == [
        (
            "invoice: nothing provides `find_rate`, which AsksForRates depends on; "
            "add it in app/container.py: invoice = module(AsksForRates, find_rate=…)"
        )
    ]


def test_an_argument_without_a_dependency_stops_the_start() -> None:
    with pytest.raises(CompositionError) as error:
        module(AsksForRates, find_rate=Object(1), find_rates=Object(2))
    assert str(error.value) == (
        "app/container.py gives AsksForRates `find_rates`, for which it has no Dependency; "
        "declare one there, or remove the argument"
    )


class HoldsAnApplication(ModuleContainer):
    events = Object(())
    routers = List(Factory(MountedApp, "/pages", Starlette(), access=PUBLIC))


def test_an_object_that_cannot_be_copied_stops_the_start() -> None:
    with pytest.raises(CompositionError) as error:
        module(HoldsAnApplication)
    assert str(error.value) == (
        "HoldsAnApplication has in `routers` an object that cannot be copied, such as an "
        "application; create it in a function, and give the provider the function: Factory(pages)"
    )


class CallsItselfDatabase(ModuleContainer):
    pass


def test_a_module_with_a_name_of_the_base_stops_the_start(
    settings: Settings,
) -> None:
    assert refused(settings, database=module(CallsItselfDatabase)) == [
        (
            "database: a module in app/container.py has this name, but BaseContainer "
            "uses it for something else; rename the module"
        )
    ]


# --- Roles and permissions ----------------------------------------------------------------------


class Books(ModuleContainer):
    roles = Object(("accountant",))
    permissions = Object({"accountant": {"invoice:write"}, "admin": {"invoice:write"}})


def test_a_role_that_a_module_declares_brings_its_permissions(settings: Settings) -> None:
    permissions = with_modules(invoice=module(Books)).build(settings).permissions_of()
    assert permissions["accountant"] == {"invoice:write"}
    assert permissions["admin"] >= {"invoice:write", "user:admin", "event:admin"}


class NamesAWrongRole(ModuleContainer):
    permissions = Object({"accountnt": {"invoice:write"}})


def test_a_role_that_no_module_declares_stops_the_start(settings: Settings) -> None:
    assert refused(settings, invoice=module(NamesAWrongRole)) == [
        (
            "invoice: gives permissions to the role 'accountnt', which no module declares; "
            "declare it in `roles`, or name one of: admin, user"
        )
    ]


class DeclaresAdmin(ModuleContainer):
    roles = Object(("admin", "Book keeper"))


def test_a_role_of_two_modules_or_with_a_wrong_name_stops_the_start(settings: Settings) -> None:
    assert refused(settings, invoice=module(DeclaresAdmin)) == [
        "the role 'admin' belongs to user and to invoice; give it another name in one of them",
        "invoice: the role 'Book keeper' must be a name in lower case, like `accountant`",
    ]


class TakesPermissions(ModuleContainer):
    permissions = Object({"user": {"user:admin", "Invoice:Write", "invoices"}})


def test_a_permission_of_two_modules_or_of_a_wrong_form_stops_the_start(
    settings: Settings,
) -> None:
    told = refused(settings, invoice=module(TakesPermissions))
    assert sorted(told) == [
        "invoice: the permission 'Invoice:Write' must be like `invoice:write`, in lower case",
        "invoice: the permission 'invoices' must be like `invoice:write`, in lower case",
        (
            "the permission 'user:admin' belongs to user and to invoice; "
            "give it another name in one of them"
        ),
    ]


# --- Routes -------------------------------------------------------------------------------------


async def endpoint() -> None: ...


def router(path: str, access: Access) -> ApiRouter:
    routes = ApiRouter("/api/v1")
    routes.get(path, endpoint, access=access, status_code=204)
    return routes


class TakesAPath(ModuleContainer):
    routers = List(Factory(router, "/users/{number}", AUTHENTICATED))


def test_one_path_of_two_modules_stops_the_start(settings: Settings) -> None:
    assert refused(settings, invoice=module(TakesAPath)) == [
        "GET /api/v1/users/{…} is a route of user and of invoice; give one another path"
    ]


class DemandsTooMuch(ModuleContainer):
    routers = List(Factory(router, "/invoices", scope("invoice:red")))


def test_a_route_with_a_permission_of_no_role_stops_the_start(settings: Settings) -> None:
    assert refused(settings, invoice=module(DemandsTooMuch)) == [
        (
            "invoice: GET /api/v1/invoices requires 'invoice:red', which no role has; "
            "give it to a role in `permissions`, or correct the name"
        )
    ]


# --- Events -------------------------------------------------------------------------------------


class UserRegisteredToo(DomainEvent):
    type: ClassVar = "user.registered"


class Unpublished(DomainEvent):
    type: ClassVar = "invoice.sent"


@subscribe(Unpublished, id="invoice.tell")
class WhenSomethingIsNotPublished:
    async def __call__(self, event: Unpublished, uow: object) -> None: ...


@subscribe(Unpublished, id="user.end_sessions")
class WhenAnIdIsTaken:
    async def __call__(self, event: Unpublished, uow: object) -> None: ...


class HasNoUnitOfWork(ModuleContainer):
    events = Object((Unpublished,))
    handlers = List(Singleton(WhenSomethingIsNotPublished))


class HasSomethingElseAmongItsHandlers(ModuleContainer):
    handlers = List(Object("a text"))


class PublishesATakenName(ModuleContainer):
    events = Object((UserRegisteredToo,))


class WaitsInVain(ModuleContainer):
    uow: Object[None] = Object(None)
    handlers = List(Singleton(WhenSomethingIsNotPublished))


class HasATakenId(ModuleContainer):
    uow: Object[None] = Object(None)
    events = Object((Unpublished,))
    handlers = List(Singleton(WhenAnIdIsTaken))


@pytest.mark.parametrize(
    ("kind", "what", "remedy"),
    [
        (PublishesATakenName, "are both called 'user.registered'", "give one of these events"),
        (WaitsInVain, "waits for 'invoice.sent', which no module publishes", "name the class in"),
        (HasNoUnitOfWork, "takes a unit of work", "give it one, or say transactional=False"),
        (HasATakenId, "both have the id 'user.end_sessions'", "give one of these handlers another"),
    ],
)
def test_events_and_handlers_that_do_not_fit_stop_the_start(
    settings: Settings, kind: type[ModuleContainer], what: str, remedy: str
) -> None:
    [told] = refused(settings, invoice=module(kind))
    assert what in told
    assert remedy in told
    assert __name__.rpartition(".")[2] in told  # it contains the path of the class


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"queue": "reports"}, "there is no queue 'reports'; name one of default, outside, or"),
        ({"concurrency": 0}, "concurrency must be 1 or more, not 0"),
        ({"concurrency": Everywhere(-1)}, "concurrency must be 1 or more, not -1"),
        ({"rate": "often"}, "rate must be like 60/min"),
        ({"rate": "0/min"}, "rate must be like 60/min"),
        ({"priority": "urgent"}, "priority must be one of high, normal, low, not 'urgent'"),
    ],
)
def test_a_handler_with_an_impossible_limit_stops_the_start(
    settings: Settings, options: dict[str, Any], expected: str
) -> None:
    @subscribe(UserRegistered, id="invoice.limited", transactional=False, **options)
    class Limited:
        pass

    class HasLimits(ModuleContainer):
        handlers = List(Singleton(Limited))

    (told,) = refused(settings, invoice=module(HasLimits))
    assert told.startswith(f"invoice.limited: {expected}")


def test_more_places_than_connections_stop_the_start(settings: Settings) -> None:
    others = {
        "event_concurrency": 11,
        "database_url": SecretStr("postgresql://nobody@localhost/unused"),
    }
    (told,) = refused(settings.model_copy(update=others))
    assert told.startswith("11 transactional handlers may run at once, each with a connection")
    assert "DATABASE_POOL_SIZE is 10; raise it" in told


def test_an_invalid_handler_stops_the_start(settings: Settings) -> None:
    [told] = refused(settings, invoice=module(HasSomethingElseAmongItsHandlers))
    assert told == (
        "builtins.str is among the handlers, but is none; "
        "mark it with @subscribe(…), @every(…), @cron(…) or @job(…)"
    )


# --- Settings -----------------------------------------------------------------------------------


class InvoiceSettings(ModuleSettings):
    """Invoices."""

    prefix = "INVOICE_"

    due_days: int = Field(30, ge=1, le=365, description="When one is due.", examples=["30"])


class KeySettingsToo(ModuleSettings):
    prefix = "API_KEY_"

    days: int = Field(1, description="How many.", examples=["1"])


class Invoices(ModuleContainer):
    settings: Dependency[InvoiceSettings] = Dependency(instance_of=InvoiceSettings)


class Chores(ModuleContainer):
    settings: Dependency[KeySettingsToo] = Dependency(instance_of=KeySettingsToo)


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_ENV", "test")
    return monkeypatch


def test_the_settings_of_a_module_are_read_by_its_container(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("INVOICE_DUE_DAYS", "14")
    kind: Any = with_modules(invoice=module(Invoices))
    assert kind.build(kind.load_settings()).invoice.settings().due_days == 14


def test_two_modules_may_have_the_same_settings(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("INVOICE_DUE_DAYS", "14")
    kind: Any = with_modules(invoice=module(Invoices), reminder=module(Invoices))
    service = kind.build(kind.load_settings())
    assert service.invoice.settings() is service.reminder.settings()
    assert service.reminder.settings().due_days == 14


def test_the_problems_of_all_settings_are_reported_at_once(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("INVOICE_DUE_DAYS", "0")
    variables.setenv("PORT", "many")
    with pytest.raises(InvalidSettingsError) as error:
        with_modules(invoice=module(Invoices)).load_settings()
    port, due = error.value.problems
    assert port.startswith("  PORT: ")
    assert due.startswith("  INVOICE_DUE_DAYS: ")
    assert due.endswith("; for example: INVOICE_DUE_DAYS=30")


def test_a_setting_of_two_modules_stops_the_start(variables: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidSettingsError) as error:
        with_modules(chore=module(Chores)).load_settings()
    assert error.value.problems == [
        (
            "  API_KEY_DAYS: is a setting of UserSettings and of KeySettingsToo; "
            "give one of them another prefix or another name"
        )
    ]


# --- Jobs ---------------------------------------------------------------------------------------


def test_a_job_of_a_module_that_nobody_handles_stops_the_start(settings: Settings) -> None:
    @dataclass(frozen=True)
    class SendInvoice(Job[None]):
        type: ClassVar = "invoice.send"

    SendInvoice.__module__ = "tests.unit.invoice.domain"
    kind = type(
        "InvoiceContainer", (ModuleContainer,), {"__module__": "tests.unit.invoice.container"}
    )
    assert refused(settings, invoice=module(kind)) == [
        (
            "invoice: nothing handles the job 'invoice.send' of tests.unit.invoice.domain; name a "
            "handler with @job(SendInvoice) in `handlers` of invoice's container"
        )
    ]
