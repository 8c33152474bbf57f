"""`python -m app events`: seeing and steering what the engine delivers."""

import datetime as dt
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from typing import Annotated, Final, TypeVar

import orjson
import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Column, Table

from app.container import ApplicationContainer
from app.core.exceptions import Invalid
from app.core.http.schema_types import Timestamp
from app.shared.application.dto import PageRequest
from app.shared.application.dto.events import Changed, DeliveryDetail, DeliveryQuery, DeliveryStatus

Result = TypeVar("Result")

events = typer.Typer(no_args_is_help=True, help="Deliveries of events, and their handlers.")

BIGGEST: Final = 2**63 - 1  # that the databases can compare with

AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of a table.")]
DeliveryId = Annotated[
    int, typer.Argument(max=BIGGEST, help="The delivery's number, as `list` shows it.")
]
HandlerId = Annotated[str, typer.Argument(help="The handler's id, as `handlers` shows it.")]
OfHandler = Annotated[str | None, typer.Option("--handler", help="All of this handler instead.")]
Since = Annotated[str, typer.Option(help="From when on, such as 2026-01-31T12:00:00Z.")]

_TIMESTAMP: Final = TypeAdapter(Timestamp)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@events.command(name="list")
def list_deliveries(
    context: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help=", ".join(DeliveryStatus))] = None,
    handler: Annotated[str | None, typer.Option(help="Only of this handler.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    before: Annotated[
        int | None, typer.Option(max=BIGGEST, help="Only older ones than this number.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    page = PageRequest(limit=limit)
    query = DeliveryQuery(state=_state(state), handler=handler, before=before, page=page)
    found = _ask(context, lambda container: container.inspection().page(query)).items
    columns = ("id", "state", "handler", "event_type", "attempts", "due_at", "last_error")
    _show(found, columns, as_json=as_json)


@events.command()
def show(context: typer.Context, delivery_id: DeliveryId, *, as_json: AsJson = False) -> None:
    """Show a delivery: its event, the error of each attempt, and what waits for it."""
    found = _ask(context, lambda container: container.inspection().show(delivery_id))
    if as_json:
        _print_json(found)
    else:
        _print_detail(found)


@events.command()
def retry(
    context: typer.Context,
    delivery_id: Annotated[
        int | None, typer.Argument(max=BIGGEST, help="A delivery that is dead or has no handler.")
    ] = None,
    *,
    handler: OfHandler = None,
) -> None:
    """Try again what is dead or had no handler: one delivery, or all of a handler.

    A delivery that was discarded is tried again only by its number.
    """
    wanted = _one_of(delivery_id, handler)
    if isinstance(wanted, int):
        _ask(context, lambda container: container.operations().retry(wanted))
        typer.echo(f"Delivery {wanted} will be tried again.")
    else:
        retried = _ask(context, lambda container: container.operations().retry_all(wanted))
        typer.echo(f"{_count(retried)} will be tried again.")


@events.command()
def discard(
    context: typer.Context,
    delivery_id: Annotated[
        int | None, typer.Argument(max=BIGGEST, help="Any that is not being run.")
    ] = None,
    *,
    handler: OfHandler = None,
    reason: Annotated[str, typer.Option(help="Is kept with the delivery.")],
) -> None:
    """Give up for good: one delivery, or those of a handler that are dead or had none.

    Of a handler that this code has not got any more, that is all that waits.
    """
    wanted = _one_of(delivery_id, handler)
    if isinstance(wanted, int):
        _ask(context, lambda container: container.operations().discard(wanted, reason=reason))
        typer.echo(f"Delivery {wanted} is given up; what it blocked goes on.")
    else:
        changed = _ask(context, lambda c: c.operations().discard_all(wanted, reason=reason))
        typer.echo(f"{_count(changed)} given up; what was blocked goes on.")


@events.command()
def replay(
    context: typer.Context,
    handler: HandlerId,
    *,
    since: Since,
    until: Annotated[str | None, typer.Option(help="Until when; now if left out.")] = None,
    discarded: Annotated[
        bool, typer.Option("--discarded", help="Those too that somebody discarded.")
    ] = False,
) -> None:
    """Give a handler the events of a time again that it was done with.

    What it has not done yet stays as it is: what is dead is tried again by `retry`.
    """
    start, end = _time(since), None if until is None else _time(until)
    replayed = _ask(
        context,
        lambda c: c.replay().replay(handler, since=start, until=end, discarded=discarded),
    )
    typer.echo(f"{_count(replayed)} will be made again.")


@events.command()
def backfill(context: typer.Context, handler: HandlerId, *, since: Since) -> None:
    """Give a handler that came later the events that it has no delivery of.

    What was done is forgotten after EVENT_DELIVERY_KEEP_HOURS: reach back further than that only
    with a handler that was not there before, or it gets those events again.
    """
    start = _time(since)
    filled = _ask(context, lambda container: container.replay().backfill(handler, since=start))
    typer.echo(f"{_count(filled)} added, and will be made.")


@events.command()
def lag(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show what each handler has still to do; `oldest_due` in seconds."""
    found = _ask(context, lambda container: container.backlog().lag())
    counts = ("ready", "claimed", "blocked", "blocked_streams", "dead", "no_handler", "oldest_due")
    _show(found, ("handler", *counts), as_json=as_json)
    if not as_json:
        described = _ask(context, lambda container: container.inspection().handlers())
        for paused in (handler for handler in described if handler.paused_at):
            typer.echo(f"{paused.id} is paused: what is ready or blocked waits until it resumes.")


@events.command()
def streams(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show what is held up: the hundred longest streams, and what each waits behind."""
    found = _ask(context, lambda container: container.backlog().streams())
    of_stream = ("handler", "aggregate_type", "aggregate_id", "waiting")
    _show(found, (*of_stream, "behind", "behind_state", "last_error"), as_json=as_json)


@events.command()
def handlers(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the handlers, the events or the schedule of each, and its policy."""
    found = _ask(context, lambda container: container.inspection().handlers())
    policy = ("transactional", "on_dead", "max_attempts", "timeout", "paused_at")
    _show(found, ("id", "events", "schedule", *policy), as_json=as_json)


@events.command()
def pause(context: typer.Context, handler: HandlerId) -> None:
    """Let all that a handler has to do wait, in every process, until it resumes."""
    _ask(context, lambda container: container.operations().pause(handler))
    typer.echo(f"{handler} is paused.")


@events.command()
def resume(context: typer.Context, handler: HandlerId) -> None:
    """Let a paused handler go on where it stopped."""
    _ask(context, lambda container: container.operations().resume(handler))
    typer.echo(f"{handler} goes on.")


def _ask(
    context: typer.Context, work: Callable[[ApplicationContainer], Awaitable[Result]]
) -> Result:
    """Do it with the service's own parts, as the command line that we belong to knows how."""
    answer: Result = context.obj(work)
    return answer


def _state(text: str | None) -> DeliveryStatus | None:
    if text is None:
        return None
    if text not in set(DeliveryStatus):
        raise Invalid("state", f"must be one of {', '.join(DeliveryStatus)}")
    return DeliveryStatus(text)


def _time(text: str) -> dt.datetime:
    try:
        return _TIMESTAMP.validate_python(text)
    except ValidationError:
        raise Invalid("time", "must be like 2026-01-31T12:00:00Z") from None


def _one_of(delivery_id: int | None, handler: str | None) -> int | str:
    if delivery_id is not None and handler is None:
        return delivery_id
    if handler is not None and delivery_id is None:
        return handler
    raise Invalid("delivery", "give either a delivery's number or --handler")


def _count(changed: Changed) -> str:
    return "1 delivery" if changed.deliveries == 1 else f"{changed.deliveries} deliveries"


def _show(items: Sequence[object], columns: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        _print_json(items)
    elif not items:
        typer.echo("There is nothing.")
    else:
        _print_table(items, columns)


def _print_table(items: Sequence[object], columns: Sequence[str]) -> None:
    # Nothing is cut off: an id is there to be copied. Where nobody looks a line may be long.
    width = None if sys.stdout.isatty() else 1_000
    first, *others = (Column(name.replace("_", " "), overflow="fold") for name in columns)
    first.no_wrap = True
    table = Table(first, *others, box=None)
    for item in items:
        table.add_row(*(_text(_shown(item, column)) for column in columns))
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)


def _shown(item: object, column: str) -> object:
    value = getattr(item, column)
    # Only what is to be run has a time for it; the others keep that of their last run.
    is_due = getattr(item, "state", None) in {DeliveryStatus.READY, DeliveryStatus.CLAIMED}
    return value if is_due or column != "due_at" else None


def _print_detail(found: DeliveryDetail) -> None:
    parts: list[tuple[str, object]] = [("delivery", found.delivery), ("event", found.event)]
    for title, part in parts:
        typer.echo(title)
        for field in fields(part):  # type: ignore[arg-type]  # both are dataclasses
            typer.echo(f"  {field.name:<18}{_text(_shown(part, field.name))}")
    for attempt in found.attempts:
        typer.echo(f"attempt {attempt.attempt}, {_text(attempt.ended_at)}, by {attempt.worker_id}")
        typer.echo(_text(attempt.traceback))
    typer.echo(f"blocks {found.blocks}")
    for blocked in found.first_blocked:
        typer.echo(f"  {blocked.id} {blocked.event_type} (version {blocked.aggregate_version})")


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        value = ", ".join(value) or "-"
    if isinstance(value, dict):
        value = orjson.dumps(value, default=str).decode()
    # An error may quote anything, and a terminal obeys what it is sent.
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))


def _print_json(value: object) -> None:
    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())
