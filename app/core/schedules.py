"""Schedules: handlers that are called at regular times, or at times of the calendar.

@cron("0 6 * * 1-5", tz="America/Sao_Paulo", id="report.morning")
class EveryMorning:
    async def __call__(self, tick: ScheduleTick, uow: ReportUnitOfWork) -> None: ...
"""

import datetime as dt
from collections.abc import Callable
from typing import Final, TypedDict, TypeVar, Unpack

from app.core.events import Subscription, marked_with
from app.core.exceptions import CompositionError
from app.core.run_limits import Everywhere, Priority
from app.core.timetables import CatchUp, Cron, Interval, Overlap, Timetable

H = TypeVar("H")


class ScheduleOptions(TypedDict, total=False):
    """What a schedule may say of its runs, as `subscribe`. `timeout` is in seconds."""

    timeout: float
    transactional: bool
    priority: Priority
    queue: str
    concurrency: int | Everywhere
    rate: str
    batch: int


DEFAULTS: Final[ScheduleOptions] = {"timeout": 300.0, "transactional": True}


def every(
    interval: dt.timedelta, *, id: str, **options: Unpack[ScheduleOptions]
) -> Callable[[type[H]], type[H]]:
    """Have a handler called at regular times with a `ScheduleTick`, as `subscribe` for events.

    Ticks are whole multiples of the interval since 1970, in UTC. However many processes run, each
    tick comes once. None comes while an earlier one waits or runs, or while no process is there:
    afterwards the latest comes.
    """
    return _scheduled(lambda: Timetable(times=Interval(interval)), id, options)


def cron(
    expression: str,
    *,
    id: str,
    tz: str = "UTC",
    catch_up: CatchUp = "latest",
    deadline: dt.timedelta | None = None,
    overlap: Overlap = "one",
    **options: Unpack[ScheduleOptions],
) -> Callable[[type[H]], type[H]]:
    """Have a handler called at times of the calendar with a `ScheduleTick`, as `every`.

    `expression` has the five fields of cron, `tz` names the zone whose clock they mean. `catch_up`
    says what becomes of ticks that were missed: the latest comes once, however late, or none, or
    all in order. None is published that is later than `deadline`; how long it then waits for a
    place, the handler can tell by `due_at`. A tick that is due while an earlier one waits or runs
    counts as missed, unless they may `queue`. See `Cron` and `Timetable`.
    Raises CompositionError for an expression or a zone that makes no sense.
    """
    return _scheduled(
        lambda: Timetable(
            times=Cron(expression, tz), catch_up=catch_up, deadline=deadline, overlap=overlap
        ),
        id,
        options,
    )


def _scheduled(
    timetable: Callable[[], Timetable], id: str, options: ScheduleOptions
) -> Callable[[type[H]], type[H]]:
    try:
        built = timetable()
    except CompositionError as error:
        raise CompositionError(f"{id}: {error}") from None
    subscription = Subscription(
        events=(), id=id, on_dead="skip", max_attempts=3, timetable=built, **DEFAULTS | options
    )
    return marked_with(subscription)
