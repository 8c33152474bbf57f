"""`module …` and `field …`: modules of a project, from a list of fields."""

from typing import Annotated

import typer

from scaffold.commands import DryRun, Json, Yes, change_project
from scaffold.errors import Refusal
from scaffold.modules.add import add_module
from scaffold.modules.field_add import add_fields
from scaffold.modules.field_remove import remove_field
from scaffold.modules.remove import remove_module
from scaffold.modules.spec import USE_CASES
from scaffold.modules.update import update_modules

module = typer.Typer(no_args_is_help=True, help="Modules, from a list of fields.")
field = typer.Typer(no_args_is_help=True, help="Fields of a module that is there.")

Name = Annotated[str, typer.Argument(help="The module, in the singular: purchase_order.")]


@module.command()
def add(
    name: Name,
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD]…", help="name:TYPE[:MODIFIER…]")
    ] = None,
    *,
    plural: Annotated[str | None, typer.Option(help="The plural, if it is not regular.")] = None,
    owned: Annotated[
        bool, typer.Option("--owned/--shared", help="Whether each row belongs to one user.")
    ] = True,
    only: Annotated[str, typer.Option(help="Some of these, with commas.")] = ",".join(USE_CASES),
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Add a module: its code in four layers, its table, its tests."""
    change_project(
        lambda draft: add_module(
            draft, name, fields or [], plural=plural, is_owned=owned, only=only.split(",")
        ),
        dry_run=dry_run,
        as_json=as_json,
        yes=yes,
    )


@module.command()
def remove(
    name: Name,
    *,
    drop_data: Annotated[
        bool, typer.Option("--drop-data", help="Drop its tables by a migration, with their rows.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Remove a module that `module add` made."""
    change_project(
        lambda draft: remove_module(draft, name, drop_data=drop_data, yes=yes),
        dry_run=dry_run,
        as_json=as_json,
        yes=yes,
    )


@module.command()
def update(
    name: Annotated[str | None, typer.Argument(help="The module.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All modules.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Bring what `module add` writes today to a module; edits of its files stay."""
    if (name is None) is not everything:
        raise Refusal("Name one module, or write --all")
    change_project(
        lambda draft: update_modules(draft, name), dry_run=dry_run, as_json=as_json, yes=yes
    )


@field.command(name="add")
def add_to_module(
    module: Annotated[str, typer.Argument(help="The module that gets them.")],
    fields: Annotated[list[str], typer.Argument(metavar="FIELD…", help="name:TYPE[:MODIFIER…]")],
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Add fields to a module, with a migration; edits of its files stay."""
    change_project(
        lambda draft: add_fields(draft, module, fields),
        dry_run=dry_run,
        as_json=as_json,
        yes=yes,
    )


@field.command(name="remove")
def remove_from_module(
    module: Annotated[str, typer.Argument(help="The module that has it.")],
    name: Annotated[str, typer.Argument(help="The field; lines.discount is one of a line.")],
    *,
    drop_data: Annotated[
        bool, typer.Option("--drop-data", help="Drop its column by a migration, with all values.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Remove a field from the code of a module; edits of its files stay."""
    change_project(
        lambda draft: remove_field(draft, module, name, drop_data=drop_data),
        dry_run=dry_run,
        as_json=as_json,
        yes=yes,
    )
