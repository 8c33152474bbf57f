"""Reads from the project's files what it has: modules, tables, events, paths and migrations."""

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from scaffold.errors import Refusal
from scaffold.modules.spec import Project, Reference

MODULES: Final = "app/modules"
MIGRATIONS: Final = "app/migrations"
_BASE_MIGRATIONS: Final = "app/shared/infrastructure/database/migrations/base"
_PERMISSION: Final = re.compile(r"[a-z_]+:[a-z_]+")


def project_of(root: Path) -> Project:
    """Return what a new module has to fit."""
    return Project(
        head=head_of(root / MIGRATIONS),
        base_head=head_of(root / _BASE_MIGRATIONS) or "base_0001",
        modules=frozenset({*modules_of(root), *_folders(root / "tests/modules")}),
        tables=frozenset(_found(root, b"Table(", _tables)),
        permissions=frozenset(_found(root, b"permissions = ", _permissions)),
        events=frozenset(_found(root, b"type: ClassVar", _types)),
        paths=frozenset(_paths(root / "docs/api/openapi.json")),
        references=tuple(_references(root)),
    )


def _found(root: Path, word: bytes, names: Callable[[ast.Module], Iterable[str]]) -> Iterator[str]:
    """Give the names in the files that have a word; only these are parsed, which takes a while."""
    for file in (root / "app").rglob("*.py"):
        if word in file.read_bytes() and (tree := _tree(file)):
            yield from names(tree)


def modules_of(root: Path) -> list[str]:
    """Return the names of the modules, in alphabetical order."""
    return _folders(root / MODULES)


def require_module(root: Path, name: str) -> None:
    """Raise Refusal with the nearest name if there is no such module."""
    known = modules_of(root)
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        other = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise Refusal(f"There is no module {name!r}; {other}")


def head_of(folder: Path) -> str | None:
    """Return the newest migration of a folder. Raises Refusal if there are two."""
    found = revisions_in(folder)
    followed = {follows for _, follows in found.values()}
    heads = sorted(name for name in found if name not in followed)
    if len(heads) > 1:
        raise Refusal(
            f"The migrations of {folder.name} end in {' and '.join(heads)}; let one follow the "
            "other: CONTRIBUTING.md, Migrations"
        )
    return heads[0] if heads else None


def revisions_in(folder: Path) -> dict[str, tuple[Path, str | None]]:
    """Return the migrations by name, each with its file and the one that it follows."""
    found: dict[str, tuple[Path, str | None]] = {}
    for file in sorted(folder.glob("*.py")):
        values = dict(_literals(_tree(file)))
        if isinstance(name := values.get("revision"), str):
            follows = values.get("down_revision")
            found[name] = (file, follows if isinstance(follows, str) else None)
    return found


def trees_in(folder: Path) -> Iterator[tuple[Path, ast.Module | None]]:
    """Give each file of Python with its syntax tree; None if it has none."""
    for file in sorted(folder.rglob("*.py")):
        yield file, _tree(file)


def _tree(file: Path) -> ast.Module | None:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return None


def _folders(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if (each / "__init__.py").is_file())


def _literals(tree: ast.Module | None) -> Iterator[tuple[str, object]]:
    for statement in tree.body if tree else ():
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value.value


def _tables(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if node.func.id == "Table" and isinstance(first, ast.Constant):
                yield str(first.value)


def _permissions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and _PERMISSION.fullmatch(value):
            yield value


def events_in(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the class and the type of each event of a file."""
    for kind in tree.body:
        for statement in kind.body if isinstance(kind, ast.ClassDef) else ():
            if (
                isinstance(kind, ast.ClassDef)
                and isinstance(statement, ast.AnnAssign)
                and ast.unparse(statement.target) == "type"
                and isinstance(statement.value, ast.Constant)
            ):
                yield kind.name, str(statement.value.value)


def _types(tree: ast.Module) -> Iterator[str]:
    return (name for _, name in events_in(tree))


def _paths(document: Path) -> Iterator[str]:
    if document.is_file():
        yield from json.loads(document.read_bytes())["paths"]


def _references(root: Path) -> Iterator[Reference]:
    """Give the modules that answer whether a row is there: by a reader, or the accounts."""
    for name in modules_of(root):
        if name == "user":
            yield Reference("user", is_owned=False)
            continue
        tree = (
            _tree(root / MODULES / name / "application/readers.py")
            if (root / MODULES / name / "application/readers.py").is_file()
            else None
        )
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.AsyncFunctionDef) and node.name == name:
                asked = [*node.args.posonlyargs, *node.args.args][1:]
                yield Reference(name, is_owned=len(asked) > 1)
                break
