"""`module remove`: takes away what `module add` made, and nothing that somebody wrote since."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from scaffold import edits
from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.add import CONTAINER, OF_CONTAINER
from scaffold.modules.dropping import drop_tables, how_far
from scaffold.modules.kept import Kept, hash_of, kept_of, path_of
from scaffold.modules.names import camel
from scaffold.modules.reading import modules_of, require_module
from scaffold.modules.uses import is_own, uses_of
from scaffold.working_tree import changed, files

_PROMISES: Final = ("docs/architecture/events.json", "docs/architecture/jobs.json")
_SHOWN: Final = 20


def remove_module(draft: Draft, name: str, *, drop_data: bool, yes: bool) -> str:
    """Draft the removal of a module; return what the developer has to know. Raises Refusal."""
    kept = kept_of(draft.root, name)
    if kept and kept.is_removed and name not in modules_of(draft.root):
        return _remove_tables(draft, kept, drop_data=drop_data)
    require_module(draft.root, name)
    if kept is None:
        raise Refusal(
            f"The module {name} was not made by `module add`, so what belongs to it is not known. "
            f"Remove by hand: app/modules/{name}, tests/*/{name}, and its lines in {CONTAINER}; "
            "then write: make openapi"
        )
    if used := uses_of(draft.root, name):
        raise Refusal(
            f"Other code uses the module {name}; remove these uses first:\n" + _listed(used)
        )
    own = _own_files(draft, kept)
    _require_unedited(draft, kept, own, yes=yes)
    for path in own:
        draft.remove(path)
    _unregister(draft, name)
    forget_promises(draft, lambda event: event.split(".")[0] == name)
    return _with_tables(draft, kept, drop_data=drop_data)


def _own_files(draft: Draft, kept: Kept) -> list[str]:
    return [
        path
        for path in files(draft.root)
        if is_own(path, kept.name) or (path in kept.hashes and path not in kept.migrations)
    ]


def _require_unedited(draft: Draft, kept: Kept, own: list[str], *, yes: bool) -> None:
    edited = [
        path
        for path in [*own, *kept.migrations]
        if (draft.root / path).is_file()
        and kept.hashes.get(path) != hash_of(path, (draft.root / path).read_bytes())
    ]
    if edited and not yes:
        raise Refusal(
            f"These files of {kept.name} were edited or added since `module add`:\n"
            f"{_listed(edited)}\n"
            "Commit them, so that Git keeps them, and write --yes to remove them too."
        )
    if lost := sorted({*edited} & {*changed(draft.root)}):
        raise Refusal(
            "Git does not have these edits, so they would be lost; commit them first:\n"
            + _listed(lost)
        )


def _unregister(draft: Draft, name: str) -> None:
    kind, module = f"{camel(name)}Container", f"app.modules.{name}.container"
    draft.edit(
        CONTAINER,
        lambda text: edits.remove_from_class(text, OF_CONTAINER, name),
        lambda text: edits.remove_import(text, module, kind),
        lines=f"from {module} import {kind}\n    {name} = module({kind})",
        undo=True,
    )


def forget_promises(draft: Draft, is_gone: Callable[[str], bool]) -> None:
    """Take events and jobs out of the documents that keep all published ones."""
    for path in _PROMISES:
        if draft.exists(path):
            promised = json.loads(draft.read(path))
            left = {key: value for key, value in promised.items() if not is_gone(key)}
            if left != promised:
                text = json.dumps(left, indent=2, sort_keys=True, ensure_ascii=False)
                draft.write(path, f"{text}\n")


def _with_tables(draft: Draft, kept: Kept, *, drop_data: bool) -> str:
    """Decide about the tables: drop them, leave them, or take their migrations away."""
    if drop_data:
        draft.remove(path_of(kept.name))
        return drop_tables(draft, kept)
    shared = how_far(draft.root, kept, what=f"the tables of {kept.name}")
    if shared is None:
        for path in (*kept.migrations, path_of(kept.name)):
            draft.remove(path)
        return ""
    draft.write(path_of(kept.name), replace(kept, is_removed=True).as_toml())
    return (
        f"{shared}, so a database may have its tables: {', '.join(kept.tables)}. They stay, with "
        "their rows. When no running release uses them, drop them by a migration: "
        f"python -m scaffold module remove {kept.name} --drop-data"
    )


def _remove_tables(draft: Draft, kept: Kept, *, drop_data: bool) -> str:
    if not drop_data:
        raise Refusal(
            f"The code of {kept.name} is removed already; its tables are still there: "
            f"{', '.join(kept.tables)}. To drop them with their rows write --drop-data"
        )
    draft.remove(path_of(kept.name))
    return drop_tables(draft, kept)


def _listed(paths: list[str]) -> str:
    more = [f"and {len(paths) - _SHOWN} more"] if len(paths) > _SHOWN else []
    return "\n".join(f"  {path}" for path in [*paths[:_SHOWN], *more])
