"""What somebody wrote into a module stays when its fields change, whatever the fields are."""

import random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.draft import Draft
from scaffold.modules.evolve import evolve, files_of
from scaffold.modules.merge import Conflict, merged
from scaffold.modules.spec import ModuleSpec, module_spec
from scaffold.modules.written import field_of, names_of, with_fields, without_field
from tests.scaffold.modules.written import PROJECT
from tests.support.server import ROOT

KEPT: Final = (
    "number:str.20:unique",
    "lines(description:str quantity:decimal.12.3)",
    "parts.name:str",
    "parts.size:int:optional",
)
NEW: Final = (
    "note:text:optional",
    "price:decimal.6.4:default=1.5:sort",
    "tags:list.str:optional:filter",
    "code:str.8:unique:optional",
    "stage:enum.draft.sent.paid:flow(draft>sent>paid):filter",
    "task_id:ref.task:optional",
    "is_open:bool:default=true:filter",
    "day:date:default=2026-01-31:sort:filter",
    "at:datetime:optional:server:sort",
    "token_id:uuid:optional:unique",
    "customer_email:str:optional",
    "items:lines(name:str kind:enum.a.b):optional",
    "lines.discount:decimal:optional",
    "parts.weight:decimal:optional",
)


# --- The list of fields -------------------------------------------------------------------------


@given(st.lists(st.sampled_from(NEW), unique=True, min_size=1))
def test_fields_that_are_added_to_a_list_and_removed_leave_it_as_it_was(new: list[str]) -> None:
    fields = with_fields(KEPT, new)
    for each in new:
        name = each.partition("(")[0].partition(":")[0]
        assert name in names_of(fields)
        assert field_of(fields, name) == (each,)
        fields = without_field(fields, name)
    assert fields == KEPT


# --- Files --------------------------------------------------------------------------------------


def a_module(*fields: str) -> ModuleSpec:
    return module_spec("invoice", fields, project=PROJECT)


def with_comments(text: str, chosen: random.Random) -> str:
    """Return a text of Python with comments of somebody at some places between its parts."""
    parts = text.split("\n\n\n")
    return "\n\n\n".join(
        f"# Ours\n{each}" if i and chosen.random() < 0.5 else each for i, each in enumerate(parts)
    )


@pytest.mark.thorough
@settings(max_examples=3)
@given(st.lists(st.sampled_from(NEW), unique=True, min_size=1, max_size=6), st.randoms())
def test_edited_files_are_the_same_after_fields_were_added_and_removed(
    tmp_path_factory: pytest.TempPathFactory, new: list[str], chosen: random.Random
) -> None:
    before = files_of(a_module(*KEPT), PROJECT)
    after = files_of(a_module(*with_fields(KEPT, new)), PROJECT)
    edited = {path: with_comments(text, chosen) for path, text in before.items()}
    root = tmp_path_factory.mktemp("edited")
    (root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    draft = Draft(root)
    for path, text in edited.items():
        draft.write(path, text)
    evolve(draft, before, after)
    assert {path: draft.read(path).count("# Ours") for path in edited} == {
        path: text.count("# Ours") for path, text in edited.items()
    }
    evolve(draft, after, before)
    assert {path: draft.read(path) for path in edited} == edited
    assert {path for path, content in draft.contents.items() if content is not None} == {*edited}


# --- One file -----------------------------------------------------------------------------------

BEFORE: Final = "from a import b, d\n\nNAMES = (b, d)\n\n\ndef f(b: int) -> int:\n    return b\n"


@pytest.mark.parametrize(
    ("ours", "after", "both"),
    [
        (("b, d\n", "b, d, own\n"), ("b, d\n", "b, c, d\n"), "from a import b, c, d, own\n"),
        (("(b, d)", "(b, d, own)"), ("(b, d)", "(b, c, d)"), "NAMES = (b, c, d, own)\n"),
        (("(b, d)", "(b, d, own)"), ("(b, d)", "(b, d, new)"), "NAMES = (b, d, own, new)\n"),
        (("(b, d)", "(b, d, own)"), ("(b, d)", "(b,)"), "NAMES = (b, own)\n"),
        (
            ("b: int)", "b: int, own: int)"),
            ("(b: int", "(a: int, b: int"),
            "def f(a: int, b: int, own: int)",
        ),
        (
            ("    return b\n", "    print(b)\n    return b\n"),
            ("    return b\n", "    return b\n\n\nX = 1\n"),
            "    print(b)\n    return b\n\n\nX = 1\n",
        ),
    ],
    ids=["imports", "elements", "both at the end", "one less", "arguments", "beside"],
)
def test_changes_of_one_line_are_merged_by_its_parts(
    ours: tuple[str, str], after: tuple[str, str], both: str
) -> None:
    result = merged(ROOT, "app/x.py", BEFORE, BEFORE.replace(*ours), BEFORE.replace(*after))
    assert both in result


def test_two_changes_of_one_value_are_a_conflict_that_shows_both() -> None:
    ours, after = (BEFORE.replace("return b", f"return {each}") for each in ("1", "2"))
    with pytest.raises(Conflict) as told:
        merged(ROOT, "app/x.py", BEFORE, ours, after)
    assert str(told.value).split() == ["yours:", "return", "1", "would", "be:", "return", "2"]


def test_a_layout_of_somebody_else_is_not_changed_to_merge() -> None:
    ours = BEFORE.replace("(b, d)", "(\n    b,\n    d,\n    own,\n)")
    with pytest.raises(Conflict):
        merged(ROOT, "app/x.py", BEFORE, ours, BEFORE.replace("(b, d)", "(b, c, d)"))
