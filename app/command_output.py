"""What commands about deliveries print: tables for people, JSON for programs."""

import datetime as dt
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, Final, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Column, Table

from app.container import ApplicationContainer
from app.core.exceptions import Invalid
from app.shared.application.dto.events import DeliveryDetail, DeliveryStatus

Result = TypeVar("Result")

BIGGEST: Final = 2**63 - 1  # that the databases can compare with

AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of a table.")]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def ask(
    context: typer.Context, work: Callable[[ApplicationContainer], Awaitable[Result]]
) -> Result:
    """Run it with the service's container, which the command line provides."""
    answer: Result = context.obj(work)
    return answer


def state_of(text: str | None) -> DeliveryStatus | None:
    if text is None:
        return None
    if text not in set(DeliveryStatus):
        raise Invalid("state", f"must be one of {', '.join(DeliveryStatus)}")
    return DeliveryStatus(text)


def show_items(items: Sequence[object], columns: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(items)
    elif not items:
        typer.echo("Nothing found.")
    else:
        _print_table(items, columns)


def _print_table(items: Sequence[object], columns: Sequence[str]) -> None:
    # No text is cut off, because ids are copied. If the output is no terminal, lines may be long.
    width = None if sys.stdout.isatty() else 1_000
    first, *others = (Column(name.replace("_", " "), overflow="fold") for name in columns)
    first.no_wrap = True
    table = Table(first, *others, box=None)
    for item in items:
        table.add_row(*(text_of(_shown(item, column)) for column in columns))
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)


def _shown(item: object, column: str) -> object:
    value = getattr(item, column)
    # Only a delivery that will run has a due time; the others keep that of their last run.
    waiting = {DeliveryStatus.READY, DeliveryStatus.CLAIMED}
    is_due = getattr(item, "state", DeliveryStatus.READY) in waiting
    return value if is_due or column != "due_at" else None


def print_detail(found: DeliveryDetail, *before: tuple[str, object]) -> None:
    for title, part in (*before, ("delivery", found.delivery), ("event", found.event)):
        typer.echo(title)
        for field in fields(part):  # type: ignore[arg-type]  # both are dataclasses
            typer.echo(f"  {field.name:<18}{text_of(_shown(part, field.name))}")
    for attempt in found.attempts:
        typer.echo(
            f"attempt {attempt.attempt}, {text_of(attempt.ended_at)}, by {attempt.worker_id}"
        )
        typer.echo(text_of(attempt.traceback))
    typer.echo(f"blocks {found.blocks}")
    for blocked in found.first_blocked:
        typer.echo(f"  {blocked.id} {blocked.event_type} (version {blocked.aggregate_version})")


def text_of(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        value = ", ".join(map(str, value)) or "-"
    if isinstance(value, dict) or is_dataclass(value):
        value = orjson.dumps(value, default=str).decode()
    # An error may quote any text, and a terminal obeys control characters.
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))


def print_json(value: object) -> None:
    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())
