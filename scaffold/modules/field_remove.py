"""`field remove`: takes a field out of a module's code, and its column when nobody needs it."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.dropping import how_far
from scaffold.modules.evolve import (
    Files,
    evolve,
    files_of,
    left_out,
    module_to_change,
    project_around,
    require_present_recipe,
)
from scaffold.modules.field_add import with_files, with_migration
from scaffold.modules.fields import parse_fields
from scaffold.modules.kept import Kept, hash_of, path_of
from scaffold.modules.reading import MIGRATIONS, revisions_in
from scaffold.modules.references import give_references
from scaffold.modules.remove import forget_promises
from scaffold.modules.spec import ModuleSpec
from scaffold.modules.storage import Operation, StoredFields, migrate
from scaffold.modules.types import nearest
from scaffold.modules.uses import is_own
from scaffold.modules.views.module import ModuleView
from scaffold.modules.written import field_of, names_of, without_field
from scaffold.source import parsed
from scaffold.working_tree import files


def remove_field(draft: Draft, name: str, field: str, *, drop_data: bool) -> str:
    """Draft the removal of a field; return what the developer has to know. Raises Refusal."""
    kept = module_to_change(draft.root, name)
    if field not in names_of(kept.fields) and field in names_of(kept.unused):
        return _drop_unused(draft, kept, field, drop_data=drop_data)
    if field not in names_of(kept.fields):
        raise Refusal(f"{field}: {name} has no such field; {nearest(field, names_of(kept.fields))}")
    left = without_field(kept.fields, field)
    if drop_data:
        return _with_code(draft, kept, _dropped(draft, kept, field, kept.fields), left) + _LATER
    if own := _own_migration(draft, kept, field):
        told = how_far(draft.root, own, what=f"what {field} of {name} stores")
        if told is None:
            return _with_code(draft, kept, _without_migration(draft, kept, field), left)
    else:
        told = f"The migration that made {field} made other things too"
    unused = (*kept.unused, *field_of(kept.fields, field))
    stored = _stored("leave", kept, field, kept.fields)
    after = replace(kept, unused=unused)
    if stored.is_needed:
        after = with_migration(after, draft, migrate(draft, stored))
    return (
        f"{_with_code(draft, kept, after, left)}{told}, so a database may have values in it. They "
        "stay. When no running release uses them, drop them by a migration: "
        f"python -m scaffold field remove {name} {field} --drop-data"
    )


_LATER = (
    "The migration drops all values. A release that still runs during it must not use them: deploy "
    "the removal of the code first"
)


# --- Code ---------------------------------------------------------------------------------------


def _with_code(draft: Draft, kept: Kept, after: Kept, left: Sequence[str]) -> str:
    """Draft the module's files with the fields that are left; return what is to be looked at."""
    project = project_around(draft.root, kept)
    old, new = kept.spec(), after.spec(tuple(left), project)
    before, files_after = files_of(old, kept.project()), files_of(new, project)
    require_present_recipe(kept, before)
    removed = evolve(draft, before, files_after)
    give_references(draft, old, new, project)
    gone = {*ModuleView(old, project).facts} - {*ModuleView(new, project).facts}
    forget_promises(draft, gone.__contains__)
    made = replace(with_files(after, new, project, files_after), fields=tuple(left))
    draft.write(path_of(kept.name), made.as_toml())
    return left_out(removed) + _still_used(draft, kept.name, old, new, files_after)


def _still_used(
    draft: Draft, module: str, old: ModuleSpec, new: ModuleSpec, rendered: Files
) -> str:
    """Return a sentence about the module's files that still have the name of the field."""
    names = {*_words(old)} - {*_words(new)}
    word = re.compile(rf"\b({'|'.join(names)})\b") if names else re.compile("$^")
    paths = [
        path
        for path in {*files(draft.root), *draft.contents}
        if is_own(path, module) and draft.exists(path)
    ]
    found = [
        f"  {path}\n"
        for path in sorted(paths)
        if len(word.findall(draft.read(path))) > len(word.findall(rendered.get(path, "")))
    ]
    return f"These files still have the name:\n{''.join(found)}" if found else ""


def _words(spec: ModuleSpec) -> list[str]:
    of_lines = [child.name for each in spec.lines for child in each.type.fields]
    return [*(each.name for each in spec.fields), *of_lines]


# --- Columns and tables -------------------------------------------------------------------------


def _drop_unused(draft: Draft, kept: Kept, field: str, *, drop_data: bool) -> str:
    if not drop_data:
        raise Refusal(
            f"The code of {field} is removed already; its values are still there. To drop them "
            "write --drop-data"
        )
    after = _dropped(draft, kept, field, kept.unused)
    of_field = field_of(kept.unused, field)
    after = replace(after, unused=tuple(each for each in kept.unused if each not in of_field))
    return _with_code(draft, kept, after, kept.fields) + _LATER


def _dropped(draft: Draft, kept: Kept, field: str, written: Sequence[str]) -> Kept:
    """Draft the migration that drops it; one before lets it be null, so that each can go back."""
    after, leaving = kept, _stored("leave", kept, field, written)
    if leaving.is_needed and field not in names_of(kept.unused):
        after = with_migration(after, draft, migrate(draft, leaving))
    is_first = field in _of_first_migration(draft, kept)
    stored = _stored("drop", kept, field, written, has_defaults=not is_first)
    after = with_migration(after, draft, migrate(draft, stored))
    return replace(after, tables=tuple(each for each in kept.tables if each not in stored.tables))


def _stored(
    change: Operation,
    kept: Kept,
    field: str,
    written: Sequence[str],
    *,
    has_defaults: bool = True,
) -> StoredFields:
    """Return the field in the database. `written` has it, among others."""
    alone = replace(kept.spec(), fields=parse_fields(field_of(written, field)))
    return StoredFields(change, alone, kept.project(), [field], has_defaults=has_defaults)


def _of_first_migration(draft: Draft, kept: Kept) -> list[str]:
    """Return the columns of the module's table that its first migration made."""
    return [
        str(column.args[0].value)
        for call in ast.walk(parsed(draft.read(kept.migrations[0])))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "op.create_table"
        if ast.unparse(call.args[0]) == repr(kept.name)
        for column in call.args[1:]
        if isinstance(column, ast.Call) and isinstance(column.args[0], ast.Constant)
    ]


def _own_migration(draft: Draft, kept: Kept, field: str) -> Kept | None:
    """Return the module with the one migration that adds this field and nothing else, or None."""
    path = kept.migrations[-1]
    for revision, (file, follows) in revisions_in(draft.root / MIGRATIONS).items():
        if file == draft.root / path and follows:
            _, text = _stored("add", kept, field, kept.fields).migration(revision, follows)
            now = hash_of(path, file.read_bytes())
            if hash_of(path, text.encode()) == kept.hashes.get(path) == now:
                return replace(kept, migrations=(path,), after=follows)
    return None


def _without_migration(draft: Draft, kept: Kept, field: str) -> Kept:
    """Draft the removal of the module's last migration, as if it had never been."""
    *before, path = kept.migrations
    draft.remove(path)
    hashes = {name: of for name, of in kept.hashes.items() if name != path}
    stored = _stored("add", kept, field, kept.fields).tables
    tables = tuple(each for each in kept.tables if each not in stored)
    return replace(kept, migrations=tuple(before), hashes=hashes, tables=tables)
