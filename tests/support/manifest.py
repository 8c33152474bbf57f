"""What the base's tests need to know of a module, and how they find it.

Each module has it in `tests/modules/<module>/manifest.py`, as `MANIFEST = Manifest(…)`. A new
module adds such a folder, and changes no test of the base.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

import tests.modules
from tests.support.cast import OWNER, Cast


class Allowed(NamedTuple):
    """What a statement may read beyond twice its result."""

    most: int
    """Rows of one table, and the data that is filled in."""
    because: str
    may_read_through: bool = False


@dataclass(frozen=True, kw_only=True)
class Plans:
    """How a module's statements are tested on full tables: see tests/integration/plans."""

    fills: tuple[str, ...] = ()
    """SQL for PostgreSQL. Each fills a table with `filling.ROWS` rows."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Values for the parameters of the module's statements, with which each finds something."""

    own: Mapping[Any, dict[str, Any]] = field(default_factory=dict)
    """Values for statements and lists for which the common value does not fit."""

    allowed: Mapping[Any, Allowed] = field(default_factory=dict)
    """By statement or list: why it may read more.

    For a list this applies to filtered pages only. If it has a total, `(list, "count")` says what
    may be read to count.
    """

    small: Mapping[str, str] = field(default_factory=dict)
    """The tables that do not grow, and why: reading all of one is the fastest way."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """What an address names, by a parameter of its path such as `{note_id}`."""

    there_for: frozenset[str] = frozenset({OWNER})
    """Who may know of it. For all others it is as what never was."""

    create: tuple[str, Callable[[], Mapping[str, Any]]] | None = None
    """The POST that makes one, below /api/v1, and what makes its body: another one each time, where
    a field is unique. The answer has its `id`."""

    make: Callable[[Cast, str], Awaitable[str]] | None = None
    """Where no POST makes one: make one of the owner's for a caller, and return its id."""

    share: Callable[[Cast, str], Awaitable[None]] | None = None
    """Let the colleague know of it, by its id."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is not said has no need to be."""

    routes: str = ""
    """All routes, a line each, with their access policies: `GET /api/v1/notes note:read`."""

    things: Mapping[str, Thing] = field(default_factory=dict)
    """What the routes' addresses name, by the parameter."""

    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What to send to a route that needs a body, by `PATCH /api/v1/notes/{note_id}`."""

    before: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """What the owner has to do before a route can be called, by the route: `DELETE /notes/{}`, or
    several of these."""

    outcomes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By a route and a caller, where it is not what policy and thing say: "forbidden", "absent"."""

    good_values: Mapping[str, Any] = field(default_factory=dict)
    """Of fields whose schema does not say enough to make up a good value."""

    several_lines: frozenset[str] = frozenset()
    """The fields whose text may have several lines."""

    roles: tuple[str, ...] = ()
    """Which roles users need for the module's routes, besides `user`."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns that hold text, by their protection level: docs/architecture/security.md."""

    plans: Plans = Plans()


def manifests() -> dict[str, Manifest]:
    """Those of all modules, by their names."""
    found = sorted(each.name for each in iter_modules(tests.modules.__path__))
    return {name: import_module(f"tests.modules.{name}.manifest").MANIFEST for name in found}


def things() -> dict[str, Thing]:
    """Return what addresses of modules name, by the parameter."""
    return {name: thing for each in manifests().values() for name, thing in each.things.items()}
