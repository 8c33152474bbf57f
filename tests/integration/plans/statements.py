"""Every statement of the code, found automatically, so that no list must be maintained."""

from collections.abc import Iterator
from importlib import import_module
from inspect import isclass
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

from sqlalchemy import Insert

import app
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.statement import Statement

# Alembic runs these by their path, and the last one runs the command line.
_NOT_IMPORTED = ("app.shared.infrastructure.database.migrations", "app.__main__")


def constants() -> dict[Statement, str]:
    """Each with its name; if several modules import it, the shared one's, which comes last."""
    return {query: name for module in _modules() for name, query in _queries_of(module)}


def parameters(query: Statement) -> set[str]:
    """The names of its parameters."""
    return {name for name, _, is_constant, _ in query.postgres._places if not is_constant}


def is_plain_insert(query: Statement) -> bool:
    """Return whether it only adds a given row: then it reads nothing."""
    return isinstance(query.executable, Insert) and query.executable.select is None


def lists() -> dict[KeysetList[Any], str]:
    """The lists, each of which has a statement for each of its forms."""
    return {
        value: f"{module.__name__}.{name}"
        for module in _modules()
        for name, value in vars(module).items()
        if isinstance(value, KeysetList)
    }


def _modules() -> Iterator[ModuleType]:
    for found in walk_packages(app.__path__, "app."):
        if not found.name.startswith(_NOT_IMPORTED):
            yield import_module(found.name)


def _queries_of(module: ModuleType) -> Iterator[tuple[str, Statement]]:
    for name, value in vars(module).items():
        if isinstance(value, Statement):
            yield f"{module.__name__}.{name}", value
        elif isclass(value) and value.__module__ == module.__name__:
            for attribute, query in vars(value).items():
                if isinstance(query, Statement):
                    yield f"{module.__name__}.{name}.{attribute}", query
