"""The revisions of the migrations' two branches, read from their files.

`base` is the schema that every service has; `app` is that of a project's own modules. Alembic reads
the same files during a migration. The service only asks how far its database is, without Alembic.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[3]
BASE: Final = "base"
APP: Final = "app"
FOLDERS: Final = {BASE: _HERE / "migrations" / BASE, APP: _HERE.parents[2] / "migrations"}
"""The folder of each branch's migrations. A project without tables has none of `app`."""

_WANTED: Final = ("revision", "down_revision", "depends_on")
OLDER: Final = "The database is older than this code; run: python -m app migrate"


class MigrationFailed(Exception):
    """The database could not be reached or changed, or has a wrong state; see the message."""


class MigratedByNewer(MigrationFailed):
    """A newer release has migrated the database; this code can use it, but not migrate it."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A migration, as its file describes it."""

    name: str
    branch: str
    file: Path
    follows: str | None
    depends_on: tuple[str, ...]

    @property
    def below(self) -> Iterable[str]:
        """The revisions that come before it."""
        return (*([self.follows] if self.follows else []), *self.depends_on)


def branch_of(name: str) -> str | None:
    """Return the branch of a revision from its name; another release may have added it."""
    return next((branch for branch in FOLDERS if name.startswith(f"{branch}_")), None)


def files() -> list[tuple[str, Path]]:
    """Return all files of migrations, each with the branch of its folder."""
    return [
        (branch, file)
        for branch, folder in FOLDERS.items()
        for file in sorted(folder.glob("*.py"))
        if file.name != "__init__.py"
    ]


def read(branch: str, file: Path) -> Revision:
    """Read a migration without running it. Raises MigrationFailed if that fails."""
    try:
        value = dict(_literals(file))
        depends = value.get("depends_on") or ()
        return Revision(
            value["revision"],
            branch,
            file,
            value["down_revision"],
            (depends,) if isinstance(depends, str) else tuple(depends),
        )
    except (KeyError, SyntaxError, ValueError) as error:
        message = (
            f"{shown(file)}: no migration that can be read ({error}); it needs the lines "
            f'revision = "{branch}_0002" and down_revision = "{branch}_0001" or the like'
        )
        raise MigrationFailed(message) from error


def _literals(file: Path) -> Iterator[tuple[str, Any]]:
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign):
            for name in statement.targets:
                if isinstance(name, ast.Name) and name.id in _WANTED:
                    yield name.id, ast.literal_eval(statement.value)


def shown(path: Path) -> str:
    """Return a path for messages: from `app/` on, if it is in this service."""
    return str(path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path)


@cache
def revisions() -> Mapping[str, Revision]:
    """Return the revisions that this code knows, the oldest of each branch first."""
    found = [read(branch, file) for branch, file in files()]
    return {revision.name: revision for revision in sorted(found, key=lambda each: each.name)}


def heads() -> dict[str, str]:
    """Return the newest revision of each branch that has any."""
    followed = {revision.follows for revision in revisions().values()}
    return {each.branch: name for name, each in revisions().items() if name not in followed}


def why_behind(names: Collection[str]) -> str | None:
    """Return why this code cannot use a database at these revisions, or None.

    An unknown revision is a later one of its branch: a rolling deployment migrates the database
    first, and the old replicas continue until they are replaced. Its dependencies are unknown, so
    then the other branch is not checked.
    """
    if strange := sorted(name for name in names if branch_of(name) is None):
        return (
            f"The database is at revision {strange[0]}, which is of neither branch, base nor app; "
            "recreate a developer's database: make reset"
        )
    reached = _reached(names)
    unknown = {branch_of(name) for name in names if name not in revisions()}
    named = {branch_of(name) for name in names}
    for branch, head in heads().items():
        is_ahead = branch in unknown or (unknown and branch not in named)
        if head not in reached and not is_ahead:
            return OLDER
    return None


def _reached(names: Collection[str]) -> set[str]:
    """Return all known revisions up to these."""
    reached, waiting = set[str](), list(names)
    while waiting:
        if (found := revisions().get(waiting.pop())) and found.name not in reached:
            reached.add(found.name)
            waiting.extend(found.below)
    return reached
