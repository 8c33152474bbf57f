"""`field add`: more fields in a module, whose files may have been edited since."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.evolve import (
    Files,
    evolve,
    files_of,
    left_out,
    module_to_change,
    project_around,
    require_present_recipe,
)
from scaffold.modules.fields import Field
from scaffold.modules.kept import Kept, hash_of, path_of
from scaffold.modules.references import give_references
from scaffold.modules.spec import ModuleSpec, Project
from scaffold.modules.storage import StoredFields, migrate
from scaffold.modules.written import field_of, name_of, names_of, with_fields


def add_fields(draft: Draft, name: str, new: Sequence[str]) -> str:
    """Draft new fields of a module; return what the developer does next. Raises Refusal."""
    kept = module_to_change(draft.root, name)
    names = _new_names(kept, new)
    project = project_around(draft.root, kept)
    spec = kept.spec(with_fields(kept.fields, new), project)
    for each in names:
        _require_value(each, _field(spec, each), field_of(new, each))
    before, after = files_of(kept.spec(), kept.project()), files_of(spec, project)
    require_present_recipe(kept, before)
    removed = evolve(draft, before, after)
    give_references(draft, kept.spec(), spec, project)
    stored = StoredFields("add", spec, project, names)
    path = migrate(draft, stored)
    changed = with_migration(with_files(kept, spec, project, after), draft, path)
    tables = (*kept.tables, *stored.tables)
    fields = with_fields(kept.fields, new)
    draft.write(path_of(name), replace(changed, fields=fields, tables=tables).as_toml())
    return (
        f"{left_out(removed)}Next: read the difference, then `make migrate`. Its tests: "
        f".venv/bin/pytest tests/unit/{name} tests/e2e/{name}"
    )


def with_files(kept: Kept, spec: ModuleSpec, project: Project, files: Files) -> Kept:
    """Return how the module is made now."""
    referred = {each.type.module for each in spec.refs}
    hashes = {path: of for path, of in kept.hashes.items() if path in kept.migrations}
    hashes |= {path: hash_of(path, text.encode()) for path, text in files.items()}
    references = tuple(each for each in project.references if each.name in referred)
    return replace(kept, hashes=hashes, references=references)


def with_migration(kept: Kept, draft: Draft, path: str) -> Kept:
    """Return how the module is made, with one more migration that the draft has."""
    hashes = {**kept.hashes, path: hash_of(path, draft.read(path).encode())}
    return replace(kept, migrations=(*kept.migrations, path), hashes=hashes)


# --- What can be added --------------------------------------------------------------------------


def _new_names(kept: Kept, new: Iterable[str]) -> list[str]:
    """Return the names of the new fields; new lines have one, however they are written."""
    known, unused = names_of(kept.fields), names_of(kept.unused)
    found = []
    for written in new:
        name = name_of(written)
        if name in known:
            raise Refusal(
                f"{name}: {kept.name} has this field already; write another name. To give it other "
                f"modifiers change its files, then write: make migration"
            )
        if name in unused:
            raise Refusal(
                f"{name}: the table still has what an earlier field of this name stored; drop it "
                f"first: python -m scaffold field remove {kept.name} {name} --drop-data"
            )
        lines = name.partition(".")[0]
        found.append(name if lines in known else lines)
    return list(dict.fromkeys(found))


def _field(spec: ModuleSpec, name: str) -> Field:
    lines, _, child = name.partition(".")
    (field,) = (each for each in spec.fields if each.name == lines)
    return next(each for each in field.type.fields if each.name == child) if child else field


def _require_value(name: str, field: Field, written: Sequence[str]) -> None:
    """Raise Refusal unless rows that are there, and requests of today, do without the field."""
    if field.optional or field.flow is not None or field.default is not None:
        return
    optional = " ".join(f"{each}:optional" for each in written)
    raise Refusal(
        f"{name}: the rows that are there have no value for it, and clients do not send it yet. "
        "There are three steps:\n"
        f"  1. Add it as optional: {optional}\n"
        "  2. Fill it in all rows, and let all clients send it\n"
        "  3. Make it required by hand: take `| None` away in the module's files, write "
        'nullable=False in its tables.py, then: make migration NAME="…"\n'
        "Or give it a default, if its type has one: …:default=X"
    )
