"""A dozen modules in one copy of the project pass all its checks without an edit."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Final

import pytest

from scaffold.errors import Refusal
from scaffold.modules.fields import Field, parse_field, parse_fields
from scaffold.modules.types import TYPES
from tests.scaffold.modules.lines import MODULES
from tests.scaffold.modules.written import add_modules, fields_of
from tests.support.project_copy import CHECKS, copy_project, run_in

Run = Callable[..., str]

EXAMPLES: Final = dict(zip(TYPES, TYPES, strict=True)) | {
    "enum": "enum.a.b",
    "list": "list.str",
    "ref": "ref.task",
    "lines": "lines(name:str)",
}
DEFAULTS: Final = {"int": "0", "decimal": "0", "bool": "true", "date": "2026-01-31", "enum": "a"}
FLAGS: Final = ("optional", "unique", "filter", "sort", "server")
# Those that look at each statement, route and caller of a module.
GENERAL: Final = ("tests/integration/plans", "tests/e2e/http/test_access_matrix.py")
NAMES: Final = [line.split()[0] for line in MODULES]


def has(field: Field) -> Iterator[str]:
    """The modifiers of a field."""
    yield from (flag for flag in FLAGS if getattr(field, flag))
    if field.default is not None:
        yield "default"
    if field.flow is not None:
        yield "flow"


def is_allowed(word: str, modifier: str) -> bool:
    written = {"default": f"default={DEFAULTS.get(word, 'a')}", "flow": "flow(a>b)"}
    helper = ":optional" if modifier == "server" else ""
    try:
        parse_field(f"some_id:{EXAMPLES[word]}:{written.get(modifier, modifier)}{helper}")
    except Refusal:
        return False
    return True


def test_the_modules_have_each_type_with_each_of_its_modifiers() -> None:
    fields = [field for line in MODULES for field in parse_fields(fields_of(line))]
    covered = {(field.type.word, modifier) for field in fields for modifier in has(field)}
    allowed = {
        (word, modifier)
        for word, modifier in product(EXAMPLES, (*FLAGS, "default", "flow"))
        if is_allowed(word, modifier)
    }
    assert allowed - covered == set()


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, another_database: Callable[[str, str], str]
) -> Run:
    """Run a command of the environment in a copy of the project with the modules."""
    project = copy_project(tmp_path_factory.mktemp("modules") / "project")
    add_modules(project, MODULES)
    database = another_database("postgresql", "modules")
    run = partial(run_in, project, APP_ENV="test", TEST_DATABASE_URL=database)
    run("ruff", "check", "--fix-only", "--select", "I", "app/container.py")
    run("ruff", "format", "app/container.py")
    run("python", "-m", "app", "openapi", "--write")
    return run


@pytest.mark.thorough
@pytest.mark.parametrize("check", CHECKS)
def test_a_check_of_the_project_passes(run: Run, check: str) -> None:
    run(*check.split())


@pytest.mark.thorough
def test_the_tests_of_the_modules_pass(run: Run) -> None:
    run("pytest", "-q", *(f"tests/unit/{name}" for name in NAMES))
    both = ("invoice", "reservation", "category")
    one = [f"tests/e2e/{name}" for name in NAMES if name not in both]
    run("pytest", "-q", "-n", "2", *(f"tests/e2e/{name}" for name in both))
    run("pytest", "-q", "-n", "2", "-k", "not sqlite", *one)


@pytest.mark.thorough
@pytest.mark.parametrize("path", GENERAL)
def test_the_general_tests_pass(run: Run, path: str) -> None:
    run("pytest", "-q", "-m", "not thorough", path)
