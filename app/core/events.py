"""Events and their handlers: which events exist, and which handlers react to them.

@subscribe(UserDeactivated, id="invoice.close_invoices_of_user")
class WhenUserDeactivatedCloseTheirInvoices:
    async def __call__(self, event: UserDeactivated, uow: InvoiceUnitOfWork) -> None: ...
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import (
    Any,
    ClassVar,
    Final,
    Literal,
    NoReturn,
    Protocol,
    TypedDict,
    TypeVar,
    Unpack,
    get_args,
)

from app.core.exceptions import CompositionError
from app.core.json_forms import require_form
from app.core.run_limits import (
    DEFAULT_QUEUE,
    LARGEST_BATCH,
    OUTSIDE_QUEUE,
    Everywhere,
    Priority,
    Rate,
    read_rate,
    require_limits,
)
from app.core.timetables import Timetable

TICK: Final = "schedule.tick"
"""The only event whose handler is chosen by its content: by the schedule that it names."""

_NAME: Final = re.compile(r"[a-z_]+\.[a-z_]+")

H = TypeVar("H")


class PublishedEvent(Protocol):
    """What the registry needs of an event class; `type` is `<module>.<fact>`."""

    type: ClassVar[str]
    schema_version: ClassVar[int]


class RunOptions(TypedDict, total=False):
    """The options of a handler's runs; `subscribe` explains them, `Subscription` has the defaults.

    `timeout` is in seconds.
    """

    timeout: float
    transactional: bool
    priority: Priority
    queue: str | None
    concurrency: int | Everywhere | None
    rate: str | None
    batch: int


class HandlerOptions(RunOptions, total=False):
    """The options of a handler that is not a schedule."""

    max_attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The options that a handler gave to `subscribe`, `every`, `cron` or `job`."""

    events: tuple[type[PublishedEvent], ...]  # none for a job, or a schedule, which gets its ticks
    id: str
    on_dead: Literal["block", "skip"]
    max_attempts: int = 10
    timeout: float = 30.0
    transactional: bool = True
    priority: Priority = "normal"
    queue: str | None = None
    concurrency: int | Everywhere | None = None
    rate: str | None = None
    batch: int = LARGEST_BATCH
    timetable: Timetable | None = None
    job: type[PublishedEvent] | None = None

    @property
    def queue_name(self) -> str:
        """The queue that the handler named, or else the one for its kind of transaction."""
        return self.queue or (DEFAULT_QUEUE if self.transactional else OUTSIDE_QUEUE)

    @property
    def limit_of_process(self) -> int | None:
        """How many runs each process may have at the same time, if the handler limits them."""
        return self.concurrency if isinstance(self.concurrency, int) else None

    @property
    def rate_limit(self) -> Rate | None:
        """How many runs may start in a period. Raises ValueError if the text is not a rate."""
        return None if self.rate is None else read_rate(self.rate)


def subscribe(
    *events: type[PublishedEvent],
    id: str,
    on_dead: Literal["block", "skip"] = "block",
    **options: Unpack[HandlerOptions],
) -> Callable[[type[H]], type[H]]:
    """Call a handler for each event of one or several kinds, durably.

    `id` is its stable name, stored with each delivery. The class may be moved or renamed; its id
    must not change. A transactional handler gets the event and its module's unit of work. The
    engine commits that unit together with the state "done": exactly once. Other handlers are for
    slow or external work. They get the event and the delivery's key, by which the receiver
    recognises a repetition: at least once. `timeout` is in seconds. When all attempts have
    failed, `block` makes later deliveries of the same aggregate wait, and `skip` does not.
    Deliveries of a higher `priority` run before those of a lower one, even if those have waited
    longer. `queue` names where the handler runs: usually `default` if it is transactional, else
    `outside`. `concurrency` limits how many run at the same time, in each process or
    `Everywhere`. `rate`, such as `60/min`, limits how many start in a period. Up to `batch` runs
    may share one transaction; 1 gives each run its own.
    """
    if not events:
        message = f"{id}: name the event, or the events, that the handler is for"
        raise TypeError(message)
    return marked_with(Subscription(events=events, id=id, on_dead=on_dead, **options))


def marked_with(subscription: Subscription) -> Callable[[type[H]], type[H]]:
    """Return a decorator that stores the subscription in a handler class."""

    def mark(handler: type[H]) -> type[H]:
        handler.subscription = subscription  # type: ignore[attr-defined]
        return handler

    return mark


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler object, and the function that creates its unit of work."""

    subscription: Subscription
    call: Callable[..., Any]
    unit_of_work: Callable[[], Any]

    @property
    def id(self) -> str:
        return self.subscription.id

    @property
    def is_job(self) -> bool:
        return self.subscription.job is not None


class EventRegistry:
    """All events by their names and all handlers by their ids, checked before the service starts.

    Names and ids are `<module>.<something>` and unique: stored rows refer to them for years.
    Raises CompositionError for any other, and for an event that JSON can't hold.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, type[PublishedEvent]] = {}
        self._jobs: dict[str, type[PublishedEvent]] = {}
        self._handlers: dict[str, Handler] = {}
        self._of_event: dict[str, tuple[Handler, ...]] = {}

    def publish(self, kinds: Iterable[type[PublishedEvent]]) -> None:
        """Register event classes."""
        for kind in kinds:
            self._require_new(kind, "event")
            self._kinds[kind.type] = kind
            self._of_event.setdefault(kind.type, ())

    def subscribe(self, handlers: Sequence[Any], *, unit_of_work: Callable[[], Any] | None) -> None:
        """Register the handlers of a module. Their events must be registered before.

        Without a unit of work, no handler may be transactional.
        """
        for call in handlers:
            subscription: Subscription | None = getattr(call, "subscription", None)
            if subscription is None:
                raise CompositionError(
                    f"{_where(type(call))} is among the handlers, but is none; "
                    "mark it with @subscribe(…), @every(…), @cron(…) or @job(…)"
                )
            if subscription.transactional and unit_of_work is None:
                raise CompositionError(
                    f"{_where(type(call))} takes a unit of work, but its module's container has "
                    "no `uow`; give it one, or say transactional=False"
                )
            _require_name(subscription.id, type(call))
            require_limits(
                subscription.id,
                subscription.priority,
                subscription.concurrency,
                subscription.rate,
                subscription.batch,
            )
            if subscription.id in self._handlers:
                other = self._handlers[subscription.id]
                raise CompositionError(_of_two_handlers(type(call), other, subscription))
            for event in subscription.events:
                if event.type not in self._kinds:
                    raise CompositionError(
                        f"{_where(type(call))} waits for {event.type!r}, which no module "
                        "publishes; name the class in `events` of its module's container"
                    )
            if subscription.job is not None:
                self._add_job(subscription.job)
            handler = Handler(subscription, call, unit_of_work or _no_unit_of_work)
            self._handlers[subscription.id] = handler
            for event in subscription.events:
                self._of_event[event.type] += (handler,)

    def handlers_of(self, event: PublishedEvent) -> tuple[Handler, ...]:
        """Return the handlers of an event. A tick has only the handler of its schedule."""
        if event.type != TICK:
            return self._of_event.get(event.type, ())
        schedule = self._handlers.get(getattr(event, "schedule", ""))
        return () if schedule is None else (schedule,)

    def handler(self, id: str) -> Handler | None:
        return self._handlers.get(id)

    def queue_of(self, id: str) -> str | None:
        """Return the queue of a handler; None if this code has no such handler."""
        return self._handlers[id].subscription.queue_name if id in self._handlers else None

    def handler_of_job(self, kind: type[PublishedEvent]) -> Handler | None:
        """Return the handler for the jobs of a class; its id is their type."""
        return self._handlers.get(kind.type) if self._jobs.get(kind.type) is kind else None

    @property
    def jobs(self) -> list[type[PublishedEvent]]:
        """The classes of all jobs that have a handler, sorted by type."""
        return [self._jobs[name] for name in sorted(self._jobs)]

    @property
    def handlers(self) -> list[Handler]:
        return list(self._handlers.values())

    def __getitem__(self, name: str) -> type[PublishedEvent]:
        """Return the class of an event or a job. Raises KeyError for an unknown name."""
        return self._kinds[name] if name in self._kinds else self._jobs[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the types of the events."""
        return iter(self._kinds)

    def _add_job(self, kind: type[PublishedEvent]) -> None:
        self._require_new(kind, "job")
        require_form(_result_of(kind), of=f"the result of the job {kind.type}")
        self._jobs[kind.type] = kind

    def _require_new(self, kind: type[PublishedEvent], what: str) -> None:
        _require_name(kind.type, kind)
        require_form(kind, of=f"the {what} {kind.type}", is_read_back=True)
        if other := self._kinds.get(kind.type) or self._jobs.get(kind.type):
            raise CompositionError(
                f"{_where(kind)} and {_where(other)} are both called "
                f"{kind.type!r}; give one of these {what}s another `type`"
            )


def _result_of(kind: type[PublishedEvent]) -> Any:
    """Return the type of a job's results: `ReportSent` of a `Job[ReportSent]`."""
    arguments = [get_args(base) for base in getattr(kind, "__orig_bases__", ())]
    return next((found[0] for found in arguments if found), None)


def _of_two_handlers(one: type, other: Handler, asked: Subscription) -> str:
    both = f"{_where(one)} and {_where(type(other.call))} both"
    if asked.job is not None and other.subscription.job is not None:
        return f"{both} run the job {asked.id!r}; a job has one handler, so leave one out"
    return f"{both} have the id {asked.id!r}; give one of these handlers another"


def _require_name(name: str, of: type) -> None:
    if not _NAME.fullmatch(name):
        raise CompositionError(
            f"{_where(of)} is called {name!r}; call it <module>.<name>, in lower case"
        )


def _no_unit_of_work() -> NoReturn:
    message = "the handler is not transactional"
    raise TypeError(message)


def _where(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
