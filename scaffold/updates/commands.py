"""`update` and `status`: later versions of the base."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from scaffold.base.address import base_at, place_of
from scaffold.base.git import MERGES_IN_MEMORY, Repository, require_git
from scaffold.base.versions import Version, version_at
from scaffold.commands import WOULD_CHANGE, DryRun, Json
from scaffold.errors import Refusal
from scaffold.journal import alone_in
from scaffold.updates.forecast import forecast, plan_of
from scaffold.updates.handover import done_by_tool_of
from scaffold.updates.made import MadeProject
from scaffold.updates.ready import require_ready
from scaffold.updates.standing import standing
from scaffold.updates.steps import target_of
from scaffold.updates.told import as_text
from scaffold.updates.underway import Underway
from scaffold.updates.update import Outcome, abort, begin, proceed

From = Annotated[
    str | None,
    typer.Option(
        "--from", help="The base: a clone, a bundle or an address. An address is remembered."
    ),
]
To = Annotated[str | None, typer.Option(help="A version, such as 0.2.0; without it the newest.")]
STOPPED: Final = 1


def update(
    *,
    base: From = None,
    to: To = None,
    proceeds: Annotated[
        bool, typer.Option("--continue", help="Go on after you resolved conflicts.")
    ] = False,
    aborts: Annotated[
        bool, typer.Option("--abort", help="Go back to where the project was.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Go on although there are files that git does not know.")
    ] = False,
) -> None:
    """Bring later versions of the base into the project, on a branch of its own."""
    if sum((proceeds, aborts, dry_run)) > 1:
        raise Refusal("write one of --continue, --abort and --dry-run")
    if dry_run:
        require_git(MERGES_IN_MEMORY)
    made = MadeProject.found(Path.cwd())
    options = ["--json"] * as_json + ["--yes"] * yes
    if aborts:
        _abort(made.repository, as_json=as_json)
    elif proceeds:
        _proceed(made, options, as_json=as_json)
    elif dry_run:
        _foresee(made, place_of(base or made.address), to, options, as_json=as_json)
    else:
        require_ready(made.repository, with_untracked=yes)
        _begin(made, place_of(base or made.address), to, options, as_json=as_json)


def status(*, base: From = None, to: To = None, as_json: Json = False) -> None:
    """Show the version of the base, edited files of it, newer versions and coming conflicts."""
    require_git(MERGES_IN_MEMORY)
    made = MadeProject.found(Path.cwd())
    place = place_of(base or made.address)
    with base_at(place) as found:
        target = target_of(found, made, to)
        _by_tool_of(found, target, ["status", *_from(place, target), *["--json"] * as_json])
        told = standing(found, made, target)
    print(json.dumps(told.as_data(), indent=2) if as_json else told.as_text())


# --- Update -------------------------------------------------------------------------------------


def _begin(
    made: MadeProject, place: str, to: str | None, options: Sequence[str], *, as_json: bool
) -> None:
    with base_at(place) as base:
        target = target_of(base, made, to)
        if target.commit == made.commit:
            _tell_that_it_is_the_newest(target, as_json=as_json)
            return
        _by_tool_of(base, target, ["update", *_from(place, target), *options])
        with alone_in(made.repository.folder):
            outcome = begin(base, made, target, place=place)
    _tell(outcome, as_json=as_json)


def _proceed(made: MadeProject, options: Sequence[str], *, as_json: bool) -> None:
    underway = Underway.required(made.repository, "--continue")
    with base_at(underway.base) as base:
        target = version_at(base, underway.to)
        _by_tool_of(base, target, ["update", "--continue", *options])
        with alone_in(made.repository.folder):
            outcome = proceed(base, made, underway)
    _tell(outcome, as_json=as_json)


def _abort(project: Repository, *, as_json: bool) -> None:
    underway = Underway.required(project, "--abort")
    with alone_in(project.folder):
        abort(project, underway)
    if as_json:
        print(json.dumps({"branch": underway.project_branch}))
    else:
        print(f"The project is on {underway.project_branch} again, as it was.")


def _foresee(
    made: MadeProject, place: str, to: str | None, options: Sequence[str], *, as_json: bool
) -> None:
    with base_at(place) as base:
        target = target_of(base, made, to)
        _by_tool_of(base, target, ["update", "--dry-run", *_from(place, target), *options])
        found = forecast(base, made, target)
    plan = plan_of(made, found)
    if as_json:
        data = {**plan.as_data(done=False), "conflicts": found.conflicts}
        print(json.dumps(data, indent=2))
    else:
        print(plan.diff(), end="")
        for path in found.conflicts:
            print(f"{path} would have a conflict", file=sys.stderr)
    sys.exit(WOULD_CHANGE if plan.changes else 0)


def _from(place: str, target: Version) -> list[str]:
    return ["--from", place, *(["--to", target.name] if target.is_released else [])]


def _by_tool_of(base: Repository, target: Version, arguments: Sequence[str]) -> None:
    """End here if another version's tool does it."""
    if (ended := done_by_tool_of(base, target.commit, arguments)) is not None:
        sys.exit(ended)


def _tell_that_it_is_the_newest(target: Version, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"versions": []}))
    else:
        print(f"The project has {target.name} already: there is nothing to update.")


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    print(json.dumps(asdict(outcome), indent=2) if as_json else as_text(outcome))
    sys.exit(STOPPED if outcome.conflicts else 0)
