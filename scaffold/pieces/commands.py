"""`usecase`, `event` and `handler`: one more piece of a module."""

from typing import Annotated

import typer

from scaffold.commands import DryRun, Json, Yes, change_project
from scaffold.pieces.event import add_event
from scaffold.pieces.handler import add_handler
from scaffold.pieces.usecase import add_usecase

usecase = typer.Typer(no_args_is_help=True, help="Use cases of a module.")
event = typer.Typer(no_args_is_help=True, help="Events of a module.")
handler = typer.Typer(no_args_is_help=True, help="Handlers of events.")

Module = Annotated[str, typer.Argument(help="The module that gets it.")]


@usecase.callback()
@event.callback()
@handler.callback()
def group() -> None:
    """Keep `add` a word of the command, although it is the only one."""


@usecase.command(name="add")
def add_one_usecase(
    module: Module,
    name: Annotated[str, typer.Argument(help="What a user does: archive.")],
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Add a use case: its rule, its class, its route and its tests."""
    change_project(
        lambda draft: add_usecase(draft, module, name), dry_run=dry_run, as_json=as_json, yes=yes
    )


@event.command(name="add")
def add_one_event(
    module: Module,
    name: Annotated[str, typer.Argument(help="What happened, in the past tense: archived.")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD]…", help="name:TYPE[:optional]")
    ] = None,
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Add an event: its class, its place in the catalogue and its test."""
    change_project(
        lambda draft: add_event(draft, module, name, fields or []),
        dry_run=dry_run,
        as_json=as_json,
        yes=yes,
    )


@handler.command(name="add")
def add_one_handler(
    module: Module,
    name: Annotated[str, typer.Argument(help="What it does: email_customer.")],
    *,
    on: Annotated[str, typer.Option("--on", help="The event: invoice.sent.")],
    outside: Annotated[
        bool, typer.Option("--outside", help="For slow or external work, outside a transaction.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Add a handler of an event, of this module or another one, and its test."""
    change_project(
        lambda draft: add_handler(draft, module, name, on=on, is_outside=outside),
        dry_run=dry_run,
        as_json=as_json,
        yes=yes,
    )
