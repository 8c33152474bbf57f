"""Finds where other code of the project uses a module."""

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from scaffold.places import targets_of
from scaffold.working_tree import files


def is_own(path: str, name: str) -> bool:
    """Return whether a file belongs to the module: its code, or its tests."""
    parts = PurePosixPath(path).parts
    return parts[:3] == ("app", "modules", name) or (
        len(parts) > 3 and parts[0] == "tests" and parts[2] == name  # noqa: PLR2004 - below a folder
    )


def uses_of(root: Path, name: str) -> list[str]:
    """Return the places outside of the module that import it, or ask it for something."""
    found = []
    for path in files(root):
        if path.endswith(".py") and not path.startswith("docs/") and not is_own(path, name):
            try:
                tree = ast.parse((root / path).read_bytes())
            except SyntaxError:
                continue
            found += [f"{path}:{line}" for line in sorted(set(_lines(tree, path, name)))]
    return found


def _lines(tree: ast.Module, path: str, name: str) -> Iterator[int]:
    packages = (f"app.modules.{name}", f"tests.modules.{name}")
    for node in ast.walk(tree):
        for module in modules_of_import(node):
            is_registration = path == "app/container.py" and ".container" in module
            is_use = f"{module}.".startswith(tuple(f"{each}." for each in packages))
            if is_use and not is_registration:
                yield node.lineno  # type: ignore[attr-defined]  # an import has one
    if path == "app/container.py":
        yield from _questions(tree, name)


def modules_of_import(node: ast.AST) -> Iterator[str]:
    """Give the modules that a statement imports, or imports from."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield str(node.module)
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _questions(tree: ast.Module, name: str) -> Iterator[int]:
    """Give the lines of `app/container.py` that pass something of the module to another one."""
    for kind in tree.body:
        for statement in kind.body if isinstance(kind, ast.ClassDef) else ():
            if name in targets_of(statement):
                continue
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and node.id == name:
                    yield node.lineno
