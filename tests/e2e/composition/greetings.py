"""A module that brings one of everything, and stores only its events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final

from dependency_injector.providers import Dependency, Factory, List, Object, Singleton
from pydantic import Field

from app.config.module_settings import ModuleSettings
from app.container import ApplicationContainer
from app.core.events import EventRegistry, subscribe
from app.core.http.parameters import CurrentActor
from app.core.http.routing import API, ApiRouter
from app.core.http.schema_types import Body, Length, Line
from app.core.resources import Resource
from app.core.security import scope
from app.shared.application.base_usecase import Clock
from app.shared.application.seed import DemoData
from app.shared.container import module
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.events import DomainEvent
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from app.shared.module_container import ModuleContainer


class GreetingSettings(ModuleSettings):
    """Greetings."""

    prefix = "GREETING_"

    word: str = Field("Hello", max_length=20, description="What it begins with.", examples=["Olá"])


@dataclass(frozen=True, slots=True)
class GreetingSent(DomainEvent):
    type: ClassVar = "greeting.sent"

    text: str


@dataclass(eq=False, kw_only=True, slots=True)
class Greeting(AggregateRoot):
    aggregate_type: ClassVar = "greeting"


class GreetingUnitOfWork(SqlUnitOfWork):
    _collector: EventCollector

    def send(self, text: str, clock: Clock) -> None:
        now = clock.now()
        greeting = Greeting(created_at=now, updated_at=now, version=1)
        greeting.record(GreetingSent(text))
        self._collector.collect(greeting)

    def _build_repositories(self, _connection: Connection, events: EventCollector) -> None:
        self._collector = events


@dataclass(slots=True)
class Board(Resource):
    """Collects greetings while it is open."""

    is_open: bool = False
    texts: list[str] = field(default_factory=list)

    async def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False


@subscribe(GreetingSent, id="greeting.put_up")
class WhenGreetingSentPutItUp:
    def __init__(self, board: Board) -> None:
        self._board = board

    async def __call__(self, event: GreetingSent, _uow: GreetingUnitOfWork) -> None:
        self._board.texts.append(event.text)


class Name(Body):
    name: Annotated[Line, Length(1, 50)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingController:
    uow: Callable[[], GreetingUnitOfWork]
    clock: Clock
    settings: GreetingSettings

    async def send(self, _actor: CurrentActor, body: Name) -> None:
        """Send a greeting."""
        async with self.uow() as uow:
            uow.send(f"{self.settings.word}, {body.name}!", self.clock)
            await uow.commit()


def greeting_routes(controller: GreetingController) -> ApiRouter:
    router = ApiRouter(f"{API}/greetings", tags=["greetings"], description="Greetings.")
    router.post("", controller.send, access=SEND, status_code=204)
    return router


SEND: Final = scope("greeting:send_out")


@dataclass(frozen=True, slots=True)
class SeedGreetings:
    """Adds a greeting for each demo user."""

    board: Board

    async def __call__(self, demo: DemoData, /) -> str:
        self.board.texts += ["Welcome!"] * len(demo.user_ids)
        return f"Put up {len(demo.user_ids)} greetings."


class GreetingContainer(ModuleContainer):
    settings: Dependency[GreetingSettings] = Dependency(instance_of=GreetingSettings)
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    clock: Dependency[Clock] = Dependency()

    uow: Factory[GreetingUnitOfWork] = Factory(
        GreetingUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    board: Singleton[Board] = Singleton(Board)
    controller: Singleton[GreetingController] = Singleton(
        GreetingController, uow=uow.provider, clock=clock, settings=settings
    )

    roles = Object(("herald",))
    permissions = Object({"herald": {SEND.name}})
    routers = List(Factory(greeting_routes, controller))
    events = Object((GreetingSent,))
    handlers = List(Singleton(WhenGreetingSentPutItUp, board))
    seeds = List(Singleton(SeedGreetings, board))
    resources = List(board)


class WithGreetings(ApplicationContainer):
    greeting = module(GreetingContainer)
