"""Schedules: handlers that the engine calls at intervals or at calendar times.

@cron("0 6 * * 1-5", tz="America/Sao_Paulo", id="report.morning")
class EveryMorning:
    async def __call__(self, tick: ScheduleTick, uow: ReportUnitOfWork) -> None: ...
"""

import datetime as dt
from collections.abc import Callable
from typing import Final, TypeVar, Unpack

from app.core.events import RunOptions, Subscription, marked_with
from app.core.exceptions import CompositionError
from app.core.timetables import CatchUp, Cron, Interval, Overlap, Timetable

H = TypeVar("H")


DEFAULTS: Final[RunOptions] = {"timeout": 300.0}


def every(
    interval: dt.timedelta, *, id: str, **options: Unpack[RunOptions]
) -> Callable[[type[H]], type[H]]:
    """Call a handler at regular times with a `ScheduleTick`, as `subscribe` does for events.

    Ticks are whole multiples of the interval since 1970, in UTC. Each tick is published once, with
    any number of processes. None is published while an earlier one waits or runs, or while no
    process runs. Afterwards the latest missed tick is published.
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
    **options: Unpack[RunOptions],
) -> Callable[[type[H]], type[H]]:
    """Call a handler at calendar times with a `ScheduleTick`, as `every` does at intervals.

    `expression` has the five fields of cron; `tz` is their time zone. `catch_up` decides which
    missed ticks are published: the latest, however late, or none, or all in order. A tick later
    than `deadline` is not published. It may then still wait for a place; the handler can compare
    `due_at` with the time. A tick that is due while an earlier one waits or runs counts as missed,
    unless `overlap` is `queue`. See `Cron` and `Timetable`.
    Raises CompositionError for an invalid expression or time zone.
    """
    return _scheduled(
        lambda: Timetable(
            times=Cron(expression, tz), catch_up=catch_up, deadline=deadline, overlap=overlap
        ),
        id,
        options,
    )


def _scheduled(
    timetable: Callable[[], Timetable], id: str, options: RunOptions
) -> Callable[[type[H]], type[H]]:
    try:
        built = timetable()
    except CompositionError as error:
        raise CompositionError(f"{id}: {error}") from None
    subscription = Subscription(
        events=(), id=id, on_dead="skip", max_attempts=3, timetable=built, **DEFAULTS | options
    )
    return marked_with(subscription)
