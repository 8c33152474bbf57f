"""Every provider of a container has a type, so that mypy compares it with its class."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CONTAINERS = sorted(
    [*(ROOT / "app/modules").glob("*/container.py"), ROOT / "app/shared/container.py"]
)
# Typed once, by the base class of a module's container.
BROUGHT = ROOT / "app/shared/module_container.py"


def class_statements(path: Path) -> Iterator[ast.stmt]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield from node.body


def annotated(path: Path) -> set[str]:
    nodes = (node.target for node in class_statements(path) if isinstance(node, ast.AnnAssign))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def without_a_type(path: Path) -> list[str]:
    """Return the names of the providers without an annotation."""
    return [
        target.id
        for node in class_statements(path)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]


@pytest.mark.parametrize("path", CONTAINERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_provider_has_a_type(path: Path) -> None:
    assert set(without_a_type(path)) - annotated(BROUGHT) == set()
    assert len(annotated(path)) > 5
