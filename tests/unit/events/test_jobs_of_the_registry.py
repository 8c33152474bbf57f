"""Jobs and their handlers are checked when the service starts."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from app.core.events import EventRegistry, subscribe
from app.core.exceptions import CompositionError
from app.core.jobs import Run, job
from app.shared.domain.events import DomainEvent
from app.shared.domain.jobs import Job


@dataclass(frozen=True, slots=True)
class Painted:
    colour: str


@dataclass(frozen=True, slots=True)
class PaintHouse(Job[Painted]):
    type: ClassVar = "house.paint"

    colour: str


@job(PaintHouse, max_attempts=3, queue="painters", priority="low", transactional=False)
class PaintHouseHandler:
    async def __call__(self, args: PaintHouse, run: Run[None]) -> Painted:
        return Painted(args.colour)


@job(PaintHouse)
class PaintItToo:
    async def __call__(self, args: PaintHouse, run: Run[None]) -> Painted:
        return Painted(args.colour)


@dataclass(frozen=True, slots=True)
class HousePainted(DomainEvent):
    type: ClassVar = "house.paint"


def refused(*handlers: Any, events: tuple[type[DomainEvent], ...] = ()) -> str:
    registry = EventRegistry()
    registry.publish(events)
    with pytest.raises(CompositionError) as error:
        registry.subscribe(handlers, unit_of_work=object)
    return str(error.value)


def test_a_job_has_the_handler_that_names_it_and_the_handler_the_jobs_type_as_id() -> None:
    registry = EventRegistry()
    registry.subscribe([PaintHouseHandler()], unit_of_work=None)

    handler = registry.handler_of_job(PaintHouse)

    assert handler is not None
    assert handler is registry.handler("house.paint")
    assert handler.is_job
    asked = handler.subscription
    assert (asked.max_attempts, asked.queue_name, asked.priority) == (3, "painters", "low")
    assert registry["house.paint"] is PaintHouse
    assert list(registry) == []  # a job is not an event
    assert registry.jobs == [PaintHouse]


def test_two_handlers_of_one_job_stop_the_start() -> None:
    assert refused(PaintHouseHandler(), PaintItToo()).endswith(
        "PaintItToo and tests.unit.events.test_jobs_of_the_registry.PaintHouseHandler both run "
        "the job 'house.paint'; a job has one handler, so leave one out"
    )


def test_a_job_that_is_called_as_an_event_stops_the_start() -> None:
    said = refused(PaintHouseHandler(), events=(HousePainted,))
    assert said.endswith("are both called 'house.paint'; give one of these jobs another `type`")


def test_an_event_that_is_called_as_a_job_stops_the_start() -> None:
    registry = EventRegistry()
    registry.subscribe([PaintHouseHandler()], unit_of_work=None)
    with pytest.raises(CompositionError, match=r"both called 'house\.paint'"):
        registry.publish([HousePainted])


@dataclass(frozen=True, slots=True)
class PaintInColours(Job[None]):
    type: ClassVar = "house.paint_in_colours"

    colours: set[str]


@job(PaintInColours)
class PaintInColoursHandler:
    async def __call__(self, args: PaintInColours, run: Run[object]) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class CountColours(Job[set[str]]):
    type: ClassVar = "house.count_colours"


@job(CountColours)
class CountColoursHandler:
    async def __call__(self, args: CountColours, run: Run[object]) -> set[str]:
        return set()


@pytest.mark.parametrize(
    ("handler", "what"),
    [
        (PaintInColoursHandler(), "the job house.paint_in_colours: PaintInColours.colours: "),
        (CountColoursHandler(), "the result of the job house.count_colours: "),
    ],
)
def test_arguments_and_results_that_json_can_not_hold_stop_the_start(
    handler: object, what: str
) -> None:
    said = refused(handler)
    assert said.startswith(what)
    assert said.endswith("has no form in JSON: it has no order; use list.")


@dataclass(frozen=True, slots=True)
class Paint(Job[None]):
    type: ClassVar = "paint"


@job(Paint)
class PaintHandler:
    async def __call__(self, args: Paint, run: Run[object]) -> None:
        """Do nothing."""


def test_a_job_whose_type_does_not_begin_with_a_module_stops_the_start() -> None:
    assert "call it <module>.<name>" in refused(PaintHandler())


@subscribe(HousePainted, id="house.paint_again")
class PaintAgain:
    async def __call__(self, event: HousePainted, uow: object) -> None:
        """Do nothing."""


def test_an_event_of_that_name_does_not_make_a_job_known() -> None:
    registry = EventRegistry()
    registry.publish([HousePainted])
    registry.subscribe([PaintAgain()], unit_of_work=object)
    assert registry.handler_of_job(PaintHouse) is None
