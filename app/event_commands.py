"""`python -m app events`: show and control the deliveries of the engine."""

import datetime as dt
from typing import Annotated, Final

import typer
from pydantic import TypeAdapter, ValidationError

from app.command_output import BIGGEST, AsJson, ask, print_detail, print_json, show_items, state_of
from app.core.exceptions import Invalid
from app.core.http.schema_types import Timestamp
from app.shared.application.dto import PageRequest
from app.shared.application.dto.events import Changed, DeliveryQuery, DeliveryStatus

events = typer.Typer(no_args_is_help=True, help="Deliveries of events, and their handlers.")

DeliveryId = Annotated[
    int, typer.Argument(max=BIGGEST, help="The number of the delivery, as `list` shows it.")
]
HandlerId = Annotated[str, typer.Argument(help="The id of the handler, as `handlers` shows it.")]
OfHandler = Annotated[
    str | None, typer.Option("--handler", help="All deliveries of this handler instead.")
]
Since = Annotated[
    str, typer.Option(help="The beginning of the period, such as 2026-01-31T12:00:00Z.")
]

_TIMESTAMP: Final = TypeAdapter(Timestamp)


@events.command(name="list")
def list_deliveries(
    context: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help=", ".join(DeliveryStatus))] = None,
    handler: Annotated[str | None, typer.Option(help="Only deliveries of this handler.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    before: Annotated[
        int | None, typer.Option(max=BIGGEST, help="Only deliveries older than this number.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    page = PageRequest(limit=limit)
    query = DeliveryQuery(state=state_of(state), handler=handler, before=before, page=page)
    found = ask(context, lambda container: container.inspection().page(query)).items
    columns = ("id", "state", "handler", "event_type", "attempts", "due_at", "last_error")
    show_items(found, columns, as_json=as_json)


@events.command()
def show(context: typer.Context, delivery_id: DeliveryId, *, as_json: AsJson = False) -> None:
    """Show a delivery: its event, the error of each attempt, and what it blocks."""
    found = ask(context, lambda container: container.inspection().show(delivery_id))
    if as_json:
        print_json(found)
    else:
        print_detail(found)


@events.command()
def retry(
    context: typer.Context,
    delivery_id: Annotated[
        int | None, typer.Argument(max=BIGGEST, help="A delivery that is dead or has no handler.")
    ] = None,
    *,
    handler: OfHandler = None,
) -> None:
    """Retry a delivery that is dead or has no handler, or all such deliveries of a handler.

    A discarded delivery is retried only by its number.
    """
    wanted = _one_of(delivery_id, handler)
    if isinstance(wanted, int):
        ask(context, lambda container: container.operations().retry(wanted))
        typer.echo(f"Delivery {wanted} will be retried.")
    else:
        retried = ask(context, lambda container: container.operations().retry_all(wanted))
        typer.echo(f"{_count(retried)} will be retried.")


@events.command()
def discard(
    context: typer.Context,
    delivery_id: Annotated[
        int | None, typer.Argument(max=BIGGEST, help="A delivery that is not running.")
    ] = None,
    *,
    handler: OfHandler = None,
    reason: Annotated[str, typer.Option(help="The reason, which is stored with the delivery.")],
) -> None:
    """Discard one delivery, or all deliveries of a handler that are dead or have no handler.

    If this code does not have the handler, all its waiting deliveries are discarded.
    """
    wanted = _one_of(delivery_id, handler)
    if isinstance(wanted, int):
        ask(context, lambda container: container.operations().discard(wanted, reason=reason))
        typer.echo(f"Delivery {wanted} is discarded; the deliveries that it blocked continue.")
    else:
        changed = ask(context, lambda c: c.operations().discard_all(wanted, reason=reason))
        typer.echo(f"{_count(changed)} discarded; the deliveries that they blocked continue.")


@events.command()
def replay(
    context: typer.Context,
    handler: HandlerId,
    *,
    since: Since,
    until: Annotated[
        str | None, typer.Option(help="The end of the period; now if omitted.")
    ] = None,
    discarded: Annotated[
        bool, typer.Option("--discarded", help="Include discarded deliveries.")
    ] = False,
) -> None:
    """Replay the events of a period to a handler, also those that it has handled.

    Unfinished deliveries stay as they are; for dead ones use `retry`.
    """
    start, end = _time(since), None if until is None else _time(until)
    replayed = ask(
        context,
        lambda c: c.replay().replay(handler, since=start, until=end, discarded=discarded),
    )
    typer.echo(f"{_count(replayed)} will be delivered again.")


@events.command()
def backfill(context: typer.Context, handler: HandlerId, *, since: Since) -> None:
    """Backfill a new handler with the events that it has no delivery of.

    Finished deliveries are deleted after EVENT_DELIVERY_KEEP_HOURS. For a handler that existed
    before, do not go back further than that, or it gets those events again.
    """
    start = _time(since)
    filled = ask(context, lambda container: container.replay().backfill(handler, since=start))
    typer.echo(f"{_count(filled)} added, and will be delivered.")


@events.command()
def lag(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the remaining deliveries of each handler; `oldest_due` is in seconds."""
    found = ask(context, lambda container: container.backlog().lag())
    waiting = ("ready", "claimed", "blocked", "held", "blocked_streams")
    counts = (*waiting, "dead", "no_handler", "oldest_due")
    show_items(found, ("handler", "queue", *counts), as_json=as_json)
    if not as_json:
        described = ask(context, lambda container: container.inspection().handlers())
        for paused in (handler for handler in described if handler.paused_at):
            typer.echo(f"{paused.id} is paused: its deliveries wait until it resumes.")


@events.command()
def streams(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the blocked streams: the hundred longest, and what each waits for."""
    found = ask(context, lambda container: container.backlog().streams())
    of_stream = ("handler", "aggregate_type", "aggregate_id", "waiting")
    show_items(found, (*of_stream, "behind", "behind_state", "last_error"), as_json=as_json)


@events.command()
def handlers(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the handlers, with their events or schedule, and their policy."""
    found = ask(context, lambda container: container.inspection().handlers())
    limits = ("queue", "priority", "concurrency", "rate", "max_attempts", "timeout")
    policy = ("transactional", "on_dead", *limits, "paused_at")
    show_items(found, ("id", "events", "schedule", *policy), as_json=as_json)


@events.command()
def pause(context: typer.Context, handler: HandlerId) -> None:
    """Pause a handler in every process: its deliveries wait until it resumes."""
    ask(context, lambda container: container.operations().pause(handler))
    typer.echo(f"{handler} is paused.")


@events.command()
def resume(context: typer.Context, handler: HandlerId) -> None:
    """Resume a paused handler."""
    ask(context, lambda container: container.operations().resume(handler))
    typer.echo(f"{handler} is resumed.")


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
    raise Invalid("delivery", "give either the number of a delivery or --handler")


def _count(changed: Changed) -> str:
    return "1 delivery" if changed.deliveries == 1 else f"{changed.deliveries} deliveries"
