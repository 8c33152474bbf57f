"""Brings another rendering of a module into its files as they are now, with all edits kept."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.kept import Kept, hash_of, kept_of
from scaffold.modules.merge import Conflict, merged
from scaffold.modules.reading import MIGRATIONS, project_of, require_module
from scaffold.modules.render import rendered
from scaffold.modules.spec import ModuleSpec, Project
from scaffold.pieces.summary import published_again
from scaffold.places import targets_of
from scaffold.source import Unclear, parsed

Files = Mapping[str, str]


def files_of(spec: ModuleSpec, project: Project) -> dict[str, str]:
    """Return the module's files, without its migration, which later ones only follow."""
    return without_migrations({str(path): text for path, text in rendered(spec, project).items()})


def without_migrations(files: Files) -> dict[str, str]:
    return {path: text for path, text in files.items() if not path.startswith(f"{MIGRATIONS}/")}


def module_to_change(root: Path, name: str) -> Kept:
    """Return how a module was made. Raises Refusal if it was not, or is removed."""
    kept = kept_of(root, name)
    require_module(root, name)
    if kept is None or kept.is_removed:
        raise Refusal(
            f"The module {name} was not made by `module add`, so its files cannot be told from "
            "edits. Change it by hand, as CONTRIBUTING.md shows for a new module"
        )
    return kept


def require_present_recipe(kept: Kept, files: Files) -> None:
    """Raise Refusal unless the module was made with these files, which the recipe writes now."""
    if not is_of(kept, files):
        raise Refusal(
            f"{kept.name} was made by another version of the recipe. Bring it this one first, and "
            f"commit: python -m scaffold module update {kept.name}"
        )


def is_of(kept: Kept, files: Files) -> bool:
    """Return whether these files are those that the module was made with."""
    made = {path: of for path, of in kept.hashes.items() if path not in kept.migrations}
    return made == {path: hash_of(path, text.encode()) for path, text in files.items()}


def project_around(root: Path, kept: Kept) -> Project:
    """Return what the project has besides the module."""
    project, spec = project_of(root), kept.spec()
    own = {"created", "updated", "deleted", *(step.target for step in spec.steps)}
    return replace(
        project,
        head=kept.after,
        base_head=kept.base_head,
        modules=project.modules - {kept.name},
        tables=project.tables - {*kept.tables},
        permissions=project.permissions - {f"{kept.name}:read", f"{kept.name}:write"},
        events=project.events - {f"{kept.name}.{fact}" for fact in own},
        paths=project.paths - {f"/api/v1/{spec.name.path}"},
        references=tuple(each for each in project.references if each.name != kept.name),
    )


# --- Files --------------------------------------------------------------------------------------


def evolve(draft: Draft, before: Files, after: Files) -> list[str]:
    """Draft what differs between two renderings; return the files that somebody had removed.

    Raises Refusal with all places where edits are in the way.
    """
    removed, conflicts = [], []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old is not None and not draft.exists(path):
            removed += [path] if old != new else []
        elif old != new:
            try:
                _change(draft, path, old, new)
            except Conflict as conflict:
                conflicts.append(f"  {path}\n{conflict}")
    if conflicts:
        raise Refusal(
            "These edits are where the command would write, so nothing was changed. Take them back "
            "for the time being, give the command, and write them again:\n" + "\n".join(conflicts)
        )
    return removed


def left_out(removed: list[str]) -> str:
    """Return a sentence about the files that stay removed, if there are any."""
    listed = "".join(f"  {path}\n" for path in removed)
    return f"You had removed these files, and they stay so:\n{listed}\n" if removed else ""


def _change(draft: Draft, path: str, old: str | None, new: str | None) -> None:
    if old is None:
        if draft.exists(path):
            raise Conflict("    is there already; rename it")
        draft.write(path, str(new))
        return
    ours = draft.read(path)
    if new is None:
        if hash_of(path, ours.encode()) != hash_of(path, old.encode()):
            raise Conflict("    was edited, and would be removed")
        draft.remove(path)
        return
    text = _merged(draft.root, path, old, ours.replace("\r\n", "\n"), new)
    _require_defined_once(path, ours, text)
    draft.write(path, text.replace("\n", "\r\n") if "\r\n" in ours else text)


def _merged(root: Path, path: str, old: str, ours: str, new: str) -> str:
    try:
        return merged(root, path, old, ours, new)
    except Conflict as conflict:
        if path.count("/") != 3 or not path.endswith("/__init__.py"):  # noqa: PLR2004
            raise
        try:  # the sentence that lists the module's events
            return published_again(old, ours, new)
        except Unclear:
            raise conflict from None


def _require_defined_once(path: str, ours: str, text: str) -> None:
    """Raise Conflict if a name has two meanings now, such as a method and a field."""
    if not path.endswith(".py"):
        return
    try:
        before, now = (Counter(_defined(parsed(each))) for each in (ours, text))
    except Unclear as error:
        raise Conflict(f"    {error}") from error
    for name in now - before:
        if now[name] > 1:
            raise Conflict(f"    has {name} already; rename it")


def _defined(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        yield from _names(statement)
        if isinstance(statement, ast.ClassDef):
            for inner in statement.body:
                yield from (f"{statement.name}.{name}" for name in _names(inner))


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    return targets_of(statement)
