"""Migrations of fields: they are added, left by the code, or dropped."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final, Literal

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.reading import MIGRATIONS, head_of
from scaffold.modules.render import rendered_migration
from scaffold.modules.spec import ModuleSpec, Project
from scaffold.modules.views.fields import FieldView, LinesView
from scaffold.modules.views.module import ModuleView, sentence

_LONGEST: Final = 30
Operation = Literal["add", "leave", "drop"]


class StoredFields:
    """Some fields of a module in the database, for the template of their migration."""

    def __init__(
        self,
        change: Operation,
        spec: ModuleSpec,
        project: Project,
        names: Sequence[str],
        *,
        has_defaults: bool = True,
    ) -> None:
        """Take the names of the fields, which the module has, such as `note` or `lines.discount`.

        They are added; or no code uses them, and so they may be null; or they are dropped. Columns
        that the module's first migration made have no defaults.
        """
        self.change, self.m, self._names = change, ModuleView(spec, project), names
        self.has_defaults = has_defaults

    @cached_property
    def columns(self) -> list[tuple[str, FieldView]]:
        """The table and the field of each column."""
        own = [(self.m.n.one, each) for each in self.m.columns if each.name in self._names]
        of_lines = [
            (each.table, child)
            for each in self.m.lines
            for child in each.children
            if f"{each.name}.{child.name}" in self._names and each.name not in self._names
        ]
        return own + of_lines

    @cached_property
    def lines(self) -> list[LinesView]:
        return [each for each in self.m.lines if each.name in self._names]

    @property
    def indexes(self) -> list[tuple[str, list[str]]]:
        names = {each.name for table, each in self.columns if table == self.m.n.one}
        return sorted(each for each in self.m.indexes if names & {*each[1]})

    @property
    def tables(self) -> list[str]:
        return [each.table for each in self.lines]

    @property
    def is_needed(self) -> bool:
        return self.change != "leave" or not all(each.is_nullable for _, each in self.columns)

    @property
    def title(self) -> str:
        names = sentence([each.replace("_", " ").replace(".", " ") for each in self._names])
        names = names if len(names) <= _LONGEST else f"{len(self._names)} fields"
        labels = self.m.n.labels
        return {
            "add": f"Add {names} to {labels}",
            "leave": f"Let {names} of {labels} be null, which no code uses now",
            "drop": f"Drop {names} of {labels}",
        }[self.change]

    @property
    def _file(self) -> str:
        what = self._names[0].replace(".", "_") if len(self._names) == 1 else "fields"
        return f"{self.change}_{what}_{'to' if self.change == 'add' else 'of'}_{self.m.n.many}"

    def migration(self, revision: str, after: str) -> tuple[str, str]:
        """Return the path of the migration, and its text."""
        path = f"{MIGRATIONS}/{revision}_{self._file}.py"
        return path, rendered_migration(path, f=self, revision=revision, after=after)


def migrate(draft: Draft, fields: StoredFields) -> str:
    """Draft the next migration of the project; return its path. Raises Refusal."""
    head = _drafted(draft) or head_of(draft.root / MIGRATIONS)
    if head is None:
        raise Refusal(f"{MIGRATIONS} has no migration, so none can follow; write: git checkout")
    number = int(head.rpartition("_")[2]) + 1
    path, text = fields.migration(f"app_{number:04}", head)
    draft.add(path, text)
    return path


def _drafted(draft: Draft) -> str | None:
    """Return the newest migration that the draft adds."""
    folder = f"{MIGRATIONS}/"
    new = [each for each in draft.contents if each.startswith(folder)]
    added = [each.removeprefix(folder) for each in new if not (draft.root / each).exists()]
    return "_".join(added[-1].split("_")[:2]) if added else None
