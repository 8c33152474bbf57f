"""Brings later versions of the base into a project, each as a commit on a branch of its own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from scaffold.base.answers import PATH
from scaffold.base.git import GitFailed, Repository
from scaffold.base.versions import Version, version_at
from scaffold.errors import Refusal
from scaffold.updates.derived import derive
from scaffold.updates.made import MadeProject
from scaffold.updates.merging import Conflict, conflicts, go_on, is_picking, pick
from scaffold.updates.notes import message_of, notes_of
from scaffold.updates.objects import forget
from scaffold.updates.sides import sides
from scaffold.updates.steps import Step, steps
from scaffold.updates.underway import Underway

_MARKS: Final = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


@dataclass(kw_only=True)
class Outcome:
    """What an update did, or where it stopped."""

    branch: str
    project_branch: str
    versions: list[str] = field(default_factory=list)
    """Those that the branch got from this command."""
    stopped_at: str | None = None
    """The version that has conflicts."""
    conflicts: list[Conflict] = field(default_factory=list)
    stay_deleted: list[str] = field(default_factory=list)
    derived: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    """What has to be done yet, as sentences."""


def begin(base: Repository, made: MadeProject, target: Version, *, place: str) -> Outcome:
    """Begin an update. Raises Refusal; then the project is as it was."""
    project = made.repository
    branch = f"update-base-{target.name}"
    if project.says("rev-parse", "--quiet", "--verify", f"refs/heads/{branch}"):
        raise Refusal(
            f"the branch {branch} is there already: merge it, or remove it with "
            f"`git branch -D {branch}`"
        )
    underway = Underway(
        project_branch=project.git("branch", "--show-current"),
        branch=branch,
        base=place,
        to=target.commit,
    )
    with _all_or_nothing(project, underway):
        project.git("switch", "--quiet", "--create", branch)
        return _bring(base, made, target, underway)


def proceed(base: Repository, made: MadeProject, underway: Underway) -> Outcome:
    """Go on after conflicts were resolved. Raises Refusal if they were not."""
    project = made.repository
    if project.git("branch", "--show-current") != underway.branch:
        raise Refusal(f"the update is on another branch: write `git switch {underway.branch}`")
    _require_resolved(project)
    is_resolved = is_picking(project)
    try:
        if is_resolved:
            go_on(project)
        made = MadeProject.read(project.folder, (project.folder / PATH).read_text("utf-8"))
        outcome = _bring(base, made, version_at(base, underway.to), underway)
    except GitFailed as error:
        raise Refusal(
            f"git failed: {error}\nMend that and write --continue again, or --abort to go back"
        ) from error
    if is_resolved:
        outcome.versions.insert(0, made.version)
    return outcome


def abort(project: Repository, underway: Underway) -> None:
    """Go back to where the project was, and forget the update."""
    if is_picking(project):
        project.git("cherry-pick", "--quit")
    if project.git("branch", "--show-current") == underway.branch:
        project.git("switch", "--quiet", "--discard-changes", underway.project_branch)
    with suppress(GitFailed):  # it was not made yet
        project.git("branch", "--quiet", "-D", underway.branch)
    _end(project, underway)


def _bring(base: Repository, made: MadeProject, target: Version, underway: Underway) -> Outcome:
    project = made.repository
    outcome = Outcome(
        branch=underway.branch,
        project_branch=underway.project_branch,
        stay_deleted=underway.stay_deleted,  # each step adds to it
    )
    for step in steps(base, made, target):
        outcome.conflicts = _one(base, project, step, underway)
        underway.write(project)
        if outcome.conflicts:
            outcome.stopped_at = step.version.name
            return outcome
        outcome.versions.append(step.version.name)
    outcome.derived, by_hand = derive(project, underway.to_derive)
    outcome.by_hand = underway.by_hand + by_hand
    _end(project, underway)
    return outcome


def _one(base: Repository, project: Repository, step: Step, underway: Underway) -> list[Conflict]:
    message = message_of(step.version, notes_of(base, step.version))
    found = sides(project, "HEAD", step, message=message, address=underway.remembers)
    for known, more in (
        (underway.stay_deleted, found.stay_deleted),
        (underway.to_derive, found.to_derive),
        (underway.by_hand, found.unclear),
    ):
        known += [path for path in more if path not in known]
    return pick(project, found)


def _end(project: Repository, underway: Underway) -> None:
    forget(project)
    underway.forget(project)


@contextmanager
def _all_or_nothing(project: Repository, underway: Underway) -> Iterator[None]:
    """Take all back if something else than a conflict stops the update. Raises Refusal."""
    underway.write(project)
    try:
        yield
    except (GitFailed, OSError) as error:
        abort(project, underway)
        raise Refusal(f"nothing was changed, because git failed: {error}") from error
    except BaseException:
        abort(project, underway)
        raise


def _require_resolved(project: Repository) -> None:
    """Raise Refusal if a conflict is left."""
    if left := conflicts(project):
        raise Refusal(
            "these files still have conflicts; edit each and write `git add FILE`, or "
            "`git rm FILE` to remove it:\n"
            + "\n".join(f"  {each.path}: {each.why}" for each in left)
        )
    changed = project.git("diff", "--name-only", "-z").split("\0")
    if paths := [path for path in changed if path]:
        raise Refusal(
            "these files have changes that are not added; write `git add FILE`, or take them back "
            "with `git restore FILE`:\n" + "\n".join(f"  {path}" for path in paths)
        )
    staged = project.git("diff", "--name-only", "--diff-filter=d", "-z", "--cached").split("\0")
    if marked := [path for path in staged if path and _has_marks(project, path)]:
        raise Refusal(
            "these files still have the marks of a conflict, <<<<<<< or >>>>>>>; edit each and "
            "write `git add FILE`:\n" + "\n".join(f"  {path}" for path in marked)
        )


def _has_marks(project: Repository, path: str) -> bool:
    """Return whether a file got marks that neither side had."""
    [mine] = project.contents([f":{path}"])
    return bool(_MARKS.search(mine)) and not any(
        _MARKS.search(content)
        for commit in ("HEAD", "CHERRY_PICK_HEAD")
        if path in project.ids(commit, path)
        for content in project.contents([f"{commit}:{path}"])
    )
