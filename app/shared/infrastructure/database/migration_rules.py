"""The rules of migrations: `make lint` and `migrate` report violations."""

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from sqlalchemy import Table

from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.revisions import (
    APP,
    BASE,
    FOLDERS,
    Revision,
    branch_of,
    files,
    heads,
    read,
    revisions,
    shown,
)

# The position of the table's name among the arguments of Alembic's operations.
_TABLE_AT: Final = {
    "create_table": 0,
    "drop_table": 0,
    "rename_table": 0,
    "add_column": 0,
    "drop_column": 0,
    "alter_column": 0,
    "batch_alter_table": 0,
    "bulk_insert": 0,
    "create_index": 1,
    "drop_index": 1,
    "create_index_concurrently": 1,
    "create_partial_index": 1,
    "create_unique_constraint": 1,
    "create_check_constraint": 1,
    "create_foreign_key": 1,
    "drop_constraint": 1,
}


def tables() -> dict[str, str]:
    """Import the tables of all modules, and return the branch of each by its name.

    A module's tables are of `app`; one of the base's says `BRANCH = "base"` in its `tables.py`.
    """
    branches = dict.fromkeys(metadata.tables, BASE)
    for module in iter_modules(import_module("app.modules").__path__):
        found = import_module(f"app.modules.{module.name}.infrastructure.tables")
        branch = getattr(found, "BRANCH", APP)
        branches |= {each.name: branch for each in vars(found).values() if isinstance(each, Table)}
    return branches


def problems() -> list[str]:
    """Return the problems of the migrations: sentences that say what, where and how to mend it."""
    return [*_of_files(), *_of_names(), *(_of_heads() or _of_tables())]


def _of_files() -> Iterator[str]:
    for branch, file in files():
        name = read(branch, file).name
        if (other := revisions()[name].file) != file:
            yield f"{shown(file)}: the revision {name} exists in {shown(other)}; use another name"


def _of_names() -> Iterator[str]:
    for revision in revisions().values():
        where, branch = _where(revision), revision.branch
        if branch_of(revision.name) != branch:
            yield (
                f"{where}: the revision {revision.name} is in the folder of the branch {branch}; "
                f"call it {branch}_0001 or the like, or move it"
            )
        if revision.follows is None and branch == APP and not revision.depends_on:
            yield (
                f"{where}: the first migration of app must come after the base's; "
                f'write: depends_on = "{heads().get(BASE)}"'
            )
        if revision.follows is not None and branch_of(revision.follows) != branch:
            yield (
                f"{where}: it follows {revision.follows}, which is not of the branch {branch}; "
                "follow one of this branch, and name the other in depends_on"
            )
        if branch == BASE and revision.depends_on:
            yield f"{where}: the base must not depend on a project; write: depends_on = None"
        for name in revision.below:
            if name not in revisions():
                yield f"{where}: there is no revision {name}; name one of: {', '.join(revisions())}"


def _of_heads() -> list[str]:
    """Return the problem if a branch forks: two migrations follow the same one."""
    followed = {revision.follows for revision in revisions().values()}
    found, first = list[str](), dict[str, str]()
    for name, revision in revisions().items():
        if name not in followed and (other := first.setdefault(revision.branch, name)) != name:
            found.append(
                f"{_where(revision)}: the branch {revision.branch} has a second head, {name} "
                f'beside {other}; let one follow the other: down_revision = "{other}"'
            )
    return found


def _of_tables() -> Iterator[str]:
    branches = tables()
    for revision in revisions().values():
        for table in sorted(_touched(revision)):
            if (right := branches.get(table, revision.branch)) != revision.branch:
                yield (
                    f"{_where(revision)}: it changes the table {table}, which is of the branch "
                    f"{right}; write that into {shown(FOLDERS[right])}, as a migration of {right}"
                )


def _touched(revision: Revision) -> set[str]:
    """Return the tables that a migration names in Alembic's operations; SQL is not parsed."""
    found = set[str]()
    for node in ast.walk(ast.parse(revision.file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        operation = ast.unparse(node.func).rpartition(".")[2]
        place = _TABLE_AT.get(operation, len(node.args))
        named = [keyword.value for keyword in node.keywords if keyword.arg == "table_name"]
        for argument in [*node.args[place : place + 1], *named]:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                found.add(argument.value)
    return found


def _where(revision: Revision) -> str:
    return shown(revision.file)


if __name__ == "__main__":
    sys.exit("\n".join(problems()) or None)
