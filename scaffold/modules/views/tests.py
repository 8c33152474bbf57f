"""What the templates of a module's tests ask besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scaffold.modules.examples import Sent
from scaffold.modules.field_tests import changed_example, wrong_value
from scaffold.modules.fillings import Filling, filling_of
from scaffold.modules.list_tests import Listed, listed
from scaffold.modules.views.fields import FieldView
from scaffold.modules.views.module import ModuleView
from scaffold.modules.views.steps import StepView

_PERSONAL: Final = ("address", "birth", "email", "first_name", "full_name", "last_name", "phone")


@dataclass(frozen=True)
class Patched:
    """A change of a row."""

    fields: list[FieldView]
    changes: Mapping[str, Sent]

    @property
    def without_unique(self) -> Mapping[str, Sent]:
        """What may be sent for several rows."""
        unique = {each.name for each in self.fields if each.unique}
        return {name: sent for name, sent in self.changes.items() if name not in unique}


class TestsView:
    """The tests of a module."""

    def __init__(self, module: ModuleView) -> None:
        self._module, self._spec, self._n = module, module.spec, module.n

    @property
    def filled(self) -> Filling:
        return filling_of(self._spec)

    @property
    def stored(self) -> Mapping[str, str]:
        """What rows and lines are changed to; a name that several have is there once."""
        found = dict(self.filled.stored)
        for each in self._module.lines:
            for name, value in each.filled.stored.items():
                found.setdefault(name, value)
        return found

    @property
    def listed(self) -> Listed:
        return listed(self._spec)

    @property
    def is_made_with_others(self) -> bool:
        return any(each.is_made_with_the_row for each in self._module.refs)

    @cached_property
    def patched(self) -> Patched:
        fields = [each for each in self._module.sent if each.type.word != "ref"]
        changes = {
            each.name: changed_example(each.name, each.type, is_unique=each.unique)
            for each in fields
        }
        return Patched(fields, changes)

    @property
    def wrong_values(self) -> list[tuple[str, str, str, str]]:
        return [(each.name, *wrong_value(each.name, each.type)) for each in self._module.sent]

    @property
    def routes(self) -> list[tuple[str, str, str]]:
        many, one = f"/api/v1/{self._n.path}", f"/api/v1/{self._n.path}/{{{self._n.one}_id}}"
        read, write = f"{self._n.one}:read", f"{self._n.one}:write"
        rows = [
            ("GET", many, read, "list" in self._module.spec.use_cases),
            ("POST", many, write, True),
            ("DELETE", one, write, "delete" in self._module.spec.use_cases),
            ("GET", one, read, True),
            ("PATCH", one, write, "update" in self._module.spec.use_cases),
            *(
                ("POST", f"{one}/{path}", write, True)
                for path in sorted(s.path for s in self._module.steps)
            ),
        ]
        return [
            (method, path, permission) for method, path, permission, is_there in rows if is_there
        ]

    @property
    def longest_route(self) -> int:
        return max(len(path) for _, path, _ in self.routes)

    @property
    def befores(self) -> list[tuple[str, list[str]]]:
        """The routes of steps that are not the first, and the requests before them."""
        one = f"/{self._n.path}"
        return [
            (
                f"POST /api/v1{one}/{{{self._n.one}_id}}/{step.path}",
                [f"POST {one}/{{}}/{path}" for path in self.befores_of(step)],
            )
            for step in self._module.steps
            if self.befores_of(step)
        ]

    def befores_of(self, step: StepView) -> list[str]:
        """Return the paths of the steps that lead to the nearest value where a step begins."""
        assert self._spec.stage is not None  # noqa: S101 - a step has one
        assert self._spec.stage.flow is not None  # noqa: S101
        ways = self._spec.stage.flow.ways
        nearest = next(value for value in ways if value in step.sources)
        return [before.path for before in ways[nearest]]

    @property
    def refused_steps(self) -> list[tuple[list[str], StepView]]:
        """A way to a value from which each step is refused, if there is one."""
        if self._spec.stage is None or self._spec.stage.flow is None:
            return []
        ways = self._spec.stage.flow.ways
        return [
            ([before.path for before in ways[here]], step)
            for step in self._module.steps
            if (here := next((value for value in ways if value not in step.sources), None))
        ]

    @property
    def protected(self) -> Mapping[str, list[str]]:
        """The columns that hold text, by their protection level."""
        tables: Sequence[tuple[str, Sequence[FieldView]]] = [
            (self._n.one, self._module.columns),
            *((each.table, each.children) for each in self._module.lines),
        ]
        found: dict[str, list[str]] = {}
        for table, fields in tables:
            for each in fields:
                if each.type.word in {"str", "email", "text", "enum", "list"}:
                    is_personal = any(part in each.name for part in _PERSONAL)
                    level = "personal" if is_personal else "content"
                    found.setdefault(level, []).append(f"{table}.{each.name}")
        return dict(sorted(found.items(), reverse=True))
