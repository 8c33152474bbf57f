"""What a project keeps of each module that was made from the recipe: `.alicerce/modules/*.toml`.

From it the files can be rendered again as they were, to be compared with what they are now, or to
be merged with what a later recipe or another list of fields gives.
"""

import ast
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from scaffold.errors import Refusal
from scaffold.modules.spec import ModuleSpec, Project, Reference, module_spec
from scaffold.modules.written import Written, name_of
from scaffold.source import Source, Unclear

FOLDER: Final = ".alicerce/modules"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How a module was made."""

    name: str
    plural: str
    fields: tuple[str, ...]
    """As they were written."""
    is_owned: bool
    only: tuple[str, ...]
    after: str | None
    """The migration that the module's first one follows."""
    base_head: str
    references: tuple[Reference, ...] = ()
    migrations: tuple[str, ...] = ()
    """The files of its migrations, the oldest first."""
    tables: tuple[str, ...] = ()
    hashes: Mapping[str, str]
    """The hash of each file as it was written: see `hash_of`."""
    is_removed: bool = False
    """The code is gone; the tables are still there."""
    unused: tuple[str, ...] = ()
    """The fields whose code is gone, and whose columns or tables are still there."""

    def spec(self, fields: Written | None = None, project: Project | None = None) -> ModuleSpec:
        """Return the module, or what it is with other fields in a project. Raises Refusal."""
        spec = module_spec(
            self.name,
            self.fields if fields is None else fields,
            plural=self.plural,
            is_owned=self.is_owned,
            only=self.only,
            project=project or self.project(),
        )
        return replace(
            spec, unused=tuple(name_of(each) for each in self.unused if "lines(" not in each)
        )

    def project(self) -> Project:
        """Return what the project had when the module was made, as far as its files tell of it."""
        return Project(head=self.after, base_head=self.base_head, references=self.references)

    def as_toml(self) -> str:
        references = {each.name: each.is_owned for each in self.references}
        text = (
            "# How this module was made. `module` and `field` read it.\n"
            f"[module]\nname = {_written(self.name)}\nplural = {_written(self.plural)}\n"
            f"fields = {_written(self.fields)}\nowned = {_written(self.is_owned)}\n"
            f"only = {_written(self.only)}\n"
        )
        if self.is_removed:
            text += "removed = true\n"
        if self.unused:
            text += f"unused = {_written(self.unused)}\n"
        text += "\n[recipe]\n"
        if self.after:
            text += f"after = {_written(self.after)}\n"
        text += f"base_head = {_written(self.base_head)}\n"
        text += f"migrations = {_written(self.migrations)}\ntables = {_written(self.tables)}\n"
        text += _table("references", references) if references else ""
        return text + _table("files", self.hashes)


def path_of(name: str) -> str:
    return f"{FOLDER}/{name}.toml"


def kept_of(root: Path, name: str) -> Kept | None:
    """Return how a module was made, if the project knows it. Raises Refusal."""
    return next((kept for kept in all_kept(root) if kept.name == name), None)


def all_kept(root: Path) -> list[Kept]:
    """Return how all modules of the recipe were made. Raises Refusal."""
    return [_read(file) for file in sorted((root / FOLDER).glob("*.toml"))]


def _read(file: Path) -> Kept:
    try:
        return _parsed(tomllib.loads(file.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal(
            f"{file} cannot be read ({error}); take it back: git checkout {FOLDER}"
        ) from error


def _parsed(data: dict[str, Any]) -> Kept:
    module, recipe = data["module"], data["recipe"]
    return Kept(
        name=module["name"],
        plural=module["plural"],
        fields=tuple(module["fields"]),
        is_owned=module["owned"],
        only=tuple(module["only"]),
        after=recipe.get("after"),
        base_head=recipe["base_head"],
        references=tuple(
            Reference(name, is_owned=owned) for name, owned in data.get("references", {}).items()
        ),
        migrations=tuple(recipe["migrations"]),
        tables=tuple(recipe["tables"]),
        hashes=data["files"],
        is_removed=module.get("removed", False),
        unused=tuple(module.get("unused", ())),
    )


def hash_of(path: str, content: bytes) -> str:
    """Return the hash of a file; of Python it is that of its meaning and its comments.

    So a file that was only formatted in another way counts as not edited.
    """
    if path.endswith(".py"):
        with suppress(Unclear, UnicodeDecodeError):
            source = Source(content.decode().replace("\r\n", "\n"))
            content = "\n".join([ast.dump(source.tree), *source.comments()]).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _table(name: str, values: Mapping[str, object]) -> str:
    lines = (f"{_written(key)} = {_written(value)}\n" for key, value in sorted(values.items()))
    return f"\n[{name}]\n{''.join(lines)}"


def _written(value: object) -> str:
    """Return a value as TOML; of a text, a number and a truth value JSON writes the same."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        items = [_written(each) for each in value]
        line = f"[{', '.join(items)}]"
        return line if len(line) < 80 else "[\n" + "".join(f"    {i},\n" for i in items) + "]"  # noqa: PLR2004 - a line
    return json.dumps(value, ensure_ascii=False)
