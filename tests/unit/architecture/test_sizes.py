"""Files and functions are short enough to understand at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.shared.infrastructure.database.revisions import FOLDERS

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "scaffold").rglob("*.py")])
MAX_FILE = 300
MAX_FUNCTION = 40  # lines of code: without comments, docstring and blank lines

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lengths(source: str) -> Iterator[tuple[str, int]]:
    """Return the name of each function, and the lines of code of its body."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            told = ast.get_docstring(node) is not None
            first = (node.body[0].end_lineno or 0) if told else node.body[0].lineno - 1
            body = [line.strip() for line in lines[first : node.end_lineno]]
            yield node.name, sum(bool(line) and not line.startswith("#") for line in body)


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 50


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name == "__init__.py"], ids=name_of
)
def test_every_package_has_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_no_folder_of_code_is_left_out_of_the_packages() -> None:
    folders = {path.parent for path in FILES} - set(FOLDERS.values())  # Alembic loads them by path
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_file_is_too_long() -> None:
    sizes = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: size for name, size in sizes.items() if size > MAX_FILE} == {}


def test_no_function_is_too_long() -> None:
    found = {
        f"{name_of(path)}: {name}": length
        for path in FILES
        if path.parent not in FOLDERS.values()  # a migration is a list of tables
        for name, length in lengths(path.read_text(encoding="utf-8"))
    }
    assert {name: length for name, length in found.items() if length > MAX_FUNCTION} == {}


def test_only_code_counts() -> None:
    told = 'def f():\n    """One.\n\n    Two.\n    """\n\n    # why\n    return 1\n'
    untold = "async def g(a,\n            b):\n    a()\n\n    return b\n"
    assert list(lengths(told + untold)) == [("f", 1), ("g", 2)]
