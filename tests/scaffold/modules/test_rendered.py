"""What the recipe writes: docs/scaffold/rendered keeps one module of it, as code to review."""

import ast

import pytest

from scaffold.modules.render import rendered
from tests.scaffold.modules.written import INVOICE, PROJECT, spec_of
from tests.support.server import ROOT
from tests.unit.architecture.test_sizes import MAX_FILE, MAX_FUNCTION, lengths

KEPT = ROOT / "docs/scaffold/rendered"


def test_the_kept_module_is_what_the_recipe_writes() -> None:
    written = {str(path): text for path, text in rendered(spec_of(INVOICE), PROJECT).items()}
    kept = {
        str(path.relative_to(KEPT)): path.read_text(encoding="utf-8") for path in KEPT.rglob("*.py")
    }
    assert kept.keys() == written.keys(), "run: python -m tests.scaffold.modules.keep"
    for name, text in written.items():
        assert kept[name] == text, f"{name}: run: python -m tests.scaffold.modules.keep"


LARGE = "supplier_agreement " + " ".join(
    f"a_field_of_quite_some_length_{number:02}:{kind}:optional"
    for number, kind in enumerate(["str", "int", "decimal", "date", "list.str", "bool", "text"] * 4)
)


@pytest.mark.parametrize("line", [INVOICE, LARGE], ids=["usual", "large"])
def test_no_file_and_no_function_is_too_long(line: str) -> None:
    for path, text in rendered(spec_of(line), PROJECT).items():
        ast.parse(text)
        assert max(map(len, text.splitlines())) <= 100, path
        if path.parts[:2] == ("app", "modules"):
            assert len(text.splitlines()) <= MAX_FILE, path
            assert {name for name, length in lengths(text) if length > MAX_FUNCTION} == set(), path


def test_the_same_fields_give_the_same_files() -> None:
    assert rendered(spec_of(INVOICE), PROJECT) == rendered(spec_of(INVOICE), PROJECT)
