"""Celery only carries messages: delays, retries and order are stored in the database.

If Celery held them, they would be lost with its broker, and no delivery would show it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parents[3] / "app"


def offences(source: str) -> set[str]:
    """Return the features of Celery that a file uses and must not use."""
    return {name for node in ast.walk(ast.parse(source)) for name in _offences_of(node)}


def _offences_of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name("self"), attr="retry")):
            yield "self.retry("
        case ast.Call(func=ast.Attribute(attr="delay" | "apply_async" as method)):
            yield f".{method}("
        case ast.keyword(arg="eta" | "countdown" as argument):
            yield f"{argument}="
        case ast.ImportFrom(module=module, names=names):
            yield from _parts(*(f"{module}.{name.name}" for name in names))
        case ast.Import(names=names):
            yield from _parts(*(name.name for name in names))


def _parts(*imported: str) -> set[str]:
    ours = [name.split(".") for name in imported if name.startswith("celery.")]
    return {part for parts in ours for part in parts} & {"chord", "beat"}


def test_celery_only_carries_messages() -> None:
    files = sorted(APP.rglob("*.py"))
    assert len(files) > 100

    assert {(file, name) for file in files for name in offences(file.read_text())} == set()


@pytest.mark.parametrize(
    "line",
    [
        "deliver.delay(1)",
        "deliver.apply_async([1])",
        "celery.send_task('events.deliver', countdown=5)",
        "celery.send_task('events.deliver', eta=soon)",
        "self.retry()",
        "from celery import chord",
        "from celery.beat import Scheduler",
        "import celery.beat",
    ],
)
def test_each_forbidden_use_of_celery_is_found(line: str) -> None:
    assert offences(line)
