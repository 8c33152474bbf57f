"""What all commands that change a project have in common: their options and how they end."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.journal import alone_in, carry_out
from scaffold.staging import planned
from scaffold.working_tree import changed, require_repository

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would change, as a diff; change nothing.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Yes = Annotated[
    bool, typer.Option("--yes", help="Go on although there are changes that are not committed.")
]
WOULD_CHANGE: Final = 2
_SHOWN: Final = 10


def project_folder() -> Path:
    """Return the folder of the project, from a folder in it. Raises Refusal."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "app/container.py").is_file() and (folder / "pyproject.toml").is_file():
            return folder
    raise Refusal(
        f"{here} is in no project: none of its folders has app/container.py; go into a project, "
        "or make one with `new`"
    )


def change_project(
    write: Callable[[Draft], str], *, dry_run: bool, as_json: bool, yes: bool
) -> None:
    """Change the project by a draft, all of it or nothing, or show what would change.

    `write` fills the draft and returns what the developer has to know. Raises Refusal.
    """
    root = project_folder()
    require_repository(root)
    with alone_in(root) as ended:
        if ended:
            typer.echo(ended, err=True)
        if not yes and not dry_run:
            _require_clean(root)
        draft = Draft(root)
        try:
            plan = planned(draft, write(draft))
        except OSError as error:  # no space is left, or a file cannot be read
            name = error.filename or root
            raise Refusal(f"{name}: {error.strerror}; nothing was changed") from error
        if not dry_run:
            carry_out(root, plan)
    if as_json:
        typer.echo(json.dumps(plan.as_data(done=not dry_run), indent=2))
    elif dry_run:
        typer.echo(plan.diff(), nl=False)
    else:
        typer.echo(plan.summary(), nl=False)
        if plan.note:
            typer.echo(f"\n{plan.note}")
    if dry_run:
        sys.exit(WOULD_CHANGE if plan.changes else 0)


def _require_clean(root: Path) -> None:
    if paths := changed(root):
        raise Refusal(
            "There are changes that are not committed, and a later `git checkout` could not tell "
            f"them from those of this command. Commit them, or write --yes:\n{listed(paths)}"
        )


def listed(lines: Sequence[str]) -> str:
    """Return the first lines, and how many more there are."""
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join(f"  {each}" for each in [*lines[:_SHOWN], *more])
