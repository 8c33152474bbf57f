"""The code of the examples in docs names only what the project has. `make check` runs it."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "docs/examples"
FILES = sorted(EXAMPLES.rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Each name that a file imports from the project, with its module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("app.", "tests.")):
            yield from ((str(node.module), alias.name) for alias in node.names)


def is_of_the_example(module: str, example: Path) -> bool:
    path = example / module.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def test_there_are_examples() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_an_example_imports_only_what_is_there(path: Path) -> None:
    example = EXAMPLES / path.relative_to(EXAMPLES).parts[0]
    missing = [
        f"{module}.{name}"
        for module, name in imported(path)
        if not is_of_the_example(module, example)
        if not (find_spec(module) and hasattr(import_module(module), name))
    ]
    assert missing == []
