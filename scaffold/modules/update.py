"""`module update`: brings what the recipe writes today to modules that were made earlier."""

from scaffold.draft import Draft
from scaffold.modules.evolve import evolve, is_of, left_out, module_to_change, without_migrations
from scaffold.modules.field_add import with_files
from scaffold.modules.former import former_files
from scaffold.modules.kept import Kept, all_kept, hash_of, path_of
from scaffold.modules.render import rendered


def update_modules(draft: Draft, name: str | None) -> str:
    """Draft the update of a module, or of all; return what the developer has to know.

    Raises Refusal.
    """
    if name is not None:
        return _update(draft, module_to_change(draft.root, name)) or _UP_TO_DATE
    all_of_them = [kept for kept in all_kept(draft.root) if not kept.is_removed]
    return "".join(_update(draft, kept) for kept in all_of_them) or _UP_TO_DATE


_UP_TO_DATE = "Nothing to do: the recipe writes these files today."


def _update(draft: Draft, kept: Kept) -> str:
    spec, project = kept.spec(), kept.project()
    now = {str(path): text for path, text in rendered(spec, project).items()}
    files = without_migrations(now)
    if is_of(kept, files):
        return ""
    former = former_files(draft.root, kept)
    removed = evolve(draft, without_migrations(former), files)
    draft.write(path_of(kept.name), with_files(kept, spec, project, files).as_toml())
    tables = (
        f"The recipe has other columns or indexes now; write: make migration NAME={kept.name}\n"
        if _migrations(former) != _migrations(now)
        else ""
    )
    return f"{kept.name}: read the difference, and run its tests.\n{left_out(removed)}{tables}"


def _migrations(files: dict[str, str]) -> dict[str, str]:
    mine = files.keys() - without_migrations(files).keys()
    return {path: hash_of(path, files[path].encode()) for path in mine}
