"""`python -m scaffold`: the command line of the tool."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from scaffold.base.new import make_project
from scaffold.errors import Refusal
from scaffold.modules.commands import field, module
from scaffold.pieces.commands import event, handler, usecase
from scaffold.updates.commands import status, update

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
cli.add_typer(module, name="module")
cli.add_typer(field, name="field")
cli.add_typer(usecase, name="usecase")
cli.add_typer(event, name="event")
cli.add_typer(handler, name="handler")
cli.command()(update)
cli.command()(status)


@cli.callback()
def alicerce() -> None:
    """Make projects from this base, and modules in them."""


@cli.command()
def new(
    dest: Annotated[Path, typer.Argument(help="a folder that is empty or not there yet")],
    name: Annotated[str, typer.Option(help="what people call the service, such as 'Shop'")],
    *,
    bare: Annotated[
        bool, typer.Option("--bare", help="without the sample, the task module")
    ] = False,
    to: Annotated[str | None, typer.Option(help="a version of the base, such as 0.1.0")] = None,
    base: Annotated[
        str | None, typer.Option("--from", help="the base: a clone, a bundle or an address")
    ] = None,
) -> None:
    """Make a project from this base."""
    version = make_project(dest, name, bare=bare, to=to, base=base)
    print(f"{dest} is a project, made from the base {version.name}. Try it:")
    print(f"  cd {shlex.quote(str(dest))} && make run")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a refusal prints its sentence and ends with 3."""
    try:
        cli(arguments)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(refusal.exit_code)


if __name__ == "__main__":
    main()
