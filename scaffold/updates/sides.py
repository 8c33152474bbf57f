"""What git compares in an update: two versions of the base, without what is the project's.

Both commits have the project's own files, and what is derived, as the project has them. So git
finds only what the base changed in its own files, and brings nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scaffold.base.answers import PATH
from scaffold.base.git import File, Ids, Repository
from scaffold.base.owners import PATH as LIST
from scaffold.base.owners import Owners, matches
from scaffold.base.render import BY
from scaffold.codemods import edits_of
from scaffold.updates.derived import PINS
from scaffold.updates.made import updated
from scaffold.updates.objects import committed, content_of, stored
from scaffold.updates.rewriting import Rewriting
from scaffold.updates.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The two commits, and what they leave as it is."""

    mine: str
    """The project's commit; the codemods of the version are in it."""
    before: str
    after: str
    stay_deleted: list[str]
    """Files of the base that the project removed, and that this version changed."""
    to_derive: list[str]
    """Derived files that the project has in a form of its own."""
    unclear: list[str]
    """Files that the codemods cannot change, each with the reason."""


def sides(
    project: Repository, head: str, step: Step, *, message: str, address: str | None
) -> Sides:
    """Write the two commits for a commit of the project; the second one follows the first."""
    mine, before, after = (project.ids(commit) for commit in (head, step.old, step.new))
    owners = [_owners(project, commit) for commit in (step.old, step.new)]
    rewriting = Rewriting(project, edits_of(step.version.name))
    theirs = {path: file for path, file in before.items() if not _is_of_project(path, owners)}
    rewritten = rewriting.rewrite(mine, theirs)
    head = _with_codemods(project, head, mine, rewritten, step)
    before |= rewriting.rewrite({path: theirs[path] for path in theirs.keys() & mine}, mine)
    to_derive = _leave_to_project(project, owners, rewritten, before, after)
    record = updated(content_of(project, mine[PATH][1]).decode(), step.version, address)
    after[PATH] = (mine[PATH][0], stored(project, record.encode()))
    who = f"{BY} {step.version.date}"
    stay_deleted = _leave_out_deleted(project, head, before, after, who)
    old = committed(project, before, who=who, message="Before\n")
    new = committed(project, after, who=who, message=message, parent=old)
    return Sides(
        mine=head,
        before=old,
        after=new,
        stay_deleted=stay_deleted,
        to_derive=to_derive,
        unclear=rewriting.unclear,
    )


def _with_codemods(project: Repository, head: str, mine: Ids, rewritten: Ids, step: Step) -> str:
    """Return the project's commit, or one after it in which its code calls the new version."""
    if rewritten == mine:
        return project.git("rev-parse", head)
    who = project.git("var", "GIT_AUTHOR_IDENT")
    message = f"Call the base as {step.version.name} needs it\n"
    return committed(project, rewritten, who=who, message=message, parent=head)


def edited(project: Repository, head: str, commit: str) -> tuple[list[str], list[str]]:
    """Return the files of a version that the project changed or moved, and those it removed."""
    mine, base = project.ids(head), project.ids(commit)
    _leave_to_project(project, [_owners(project, commit)], mine, base, base)
    old = committed(project, base, who=f"{BY} 0 +0000", message="Before\n")
    found = _differences(project, old, head, kinds="DMRT")
    return (
        [to for kind, _, to in found if kind != "D"],
        [path for kind, path, _ in found if kind == "D"],
    )


def _owners(project: Repository, commit: str) -> Owners:
    [text] = project.contents([f"{commit}:{LIST}"])
    return Owners.of({LIST: File("100644", text)})


def _leave_to_project(
    project: Repository, owners: Sequence[Owners], mine: Ids, before: Ids, after: Ids
) -> list[str]:
    """Give both versions the project's own files and what is derived, as the project has them.

    Derived files that are still as the base had them are left to the base. Returns the others.
    """
    own = {PATH, *(path for path in {*mine, *before, *after} if _is_of_project(path, owners))}
    derived = {path for path in {*mine, *before, *after} if _is_derived(path, owners)}
    kept = sorted(path for path in derived if mine.get(path) != before.get(path))
    is_locked = any(before.get(path) != after.get(path) for path in kept if path.startswith(PINS))
    to_derive = [path for path in kept if is_locked or not path.startswith(PINS)]
    for path in [*own, *kept]:
        _take(path, mine, before, after)
    ends = {path: line for each in owners for path, line in each.derived_from.items()}
    for path, line in ends.items():
        if all(path in each for each in (mine, before, after)) and _take_end(
            project, path, f"{line}\n".encode(), mine, (before, after)
        ):
            to_derive.append(path)
    return to_derive


def _is_of_project(path: str, owners: Sequence[Owners]) -> bool:
    return any(matches(path, each.project) for each in owners)


def _is_derived(path: str, owners: Sequence[Owners]) -> bool:
    return any(matches(path, each.derived) for each in owners)


def _take(path: str, mine: Ids, *others: Ids) -> None:
    """Give both versions the file as the project has it, or none if it has none."""
    for each in others:
        if path in mine:
            each[path] = mine[path]
        else:
            each.pop(path, None)


def _take_end(
    project: Repository, path: str, line: bytes, mine: Ids, others: tuple[Ids, Ids]
) -> bool:
    """Do the same with the end of a file, from a line on; return whether it differed."""
    texts = [content_of(project, each[path][1]).partition(line) for each in (mine, *others)]
    if texts[0][2] == texts[1][2]:
        return False
    for each, (begin, _, _) in zip(others, texts[1:], strict=True):
        each[path] = (each[path][0], stored(project, begin + line + texts[0][2]))
    return True


def _leave_out_deleted(
    project: Repository, head: str, before: Ids, after: Ids, who: str
) -> list[str]:
    """Remove from both versions what the project removed; return those that were changed."""
    old = committed(project, before, who=who, message="Before\n")
    new = committed(project, after, who=who, message="After\n")
    found = []
    renamed = {path: to for kind, path, to in _differences(project, old, new) if kind == "R"}
    for path in [path for kind, path, _ in _differences(project, old, head) if kind == "D"]:
        to = renamed.get(path, path)
        if after.get(to, before[path]) != before[path] or to != path:
            found.append(path)
        before.pop(path)
        after.pop(to, None)
    return found


def _differences(
    project: Repository, old: str, new: str, *, kinds: str = "DR"
) -> list[tuple[str, str, str]]:
    """Return files that were renamed (R) or removed (D), each with its new or its only path."""
    options = ("-r", "-z", "-M", "-l0", "--name-status", f"--diff-filter={kinds}")
    words = iter(project.git("diff-tree", *options, old, new).split("\0"))
    found = []
    for kind in words:
        if kind:
            path = next(words)
            found.append((kind[0], path, next(words) if kind[0] == "R" else path))
    return found
