"""Any list of fields that the grammar allows gives a module; anything else is refused."""

import ast
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from scaffold.errors import Refusal
from scaffold.modules.fields import parse_fields
from scaffold.modules.render import rendered
from scaffold.modules.spec import module_spec
from tests.scaffold.modules.written import INVOICE, PROJECT, fields_of
from tests.scaffold.small_project import SmallProject
from tests.support.project_copy import run_in
from tests.support.server import ROOT

WORDS: Final = ("amount_paid", "colour", "height", "note_text", "rank_of_row", "seen_at")
FORMS: Final = {
    "str": ("str", "str.2", "str.1000"),
    "decimal": ("decimal", "decimal.1.1", "decimal.18.3"),
    "enum": ("enum.draft.sent.paid", "enum.EUR.in_progress"),
    "list": ("list.str",),
    "ref": ("ref.task", "ref.user"),
}
MAY_HAVE: Final = {
    **dict.fromkeys(("str", "int", "date"), ("unique", "sort", "filter", "default")),
    "datetime": ("unique", "sort", "filter"),
    "decimal": ("sort", "filter", "default"),
    **dict.fromkeys(("uuid", "ref"), ("unique", "filter")),
    **dict.fromkeys(("bool", "enum"), ("filter", "default")),
    "list": ("filter",),
    "text": ("default",),
    "lines": (),
}
DEFAULTS: Final = {
    "str": "ab",
    "text": "two words",
    "int": "-7",
    "decimal": "0.5",
    "bool": "false",
    "date": "2026-01-31",
}
IN_LINES: Final = sorted(MAY_HAVE.keys() - {"list", "ref", "lines"})


def written_types(word: str) -> st.SearchStrategy[str]:
    if word != "lines":
        return st.sampled_from(FORMS.get(word, (word,)))
    kinds = st.sampled_from(IN_LINES).flatmap(written_types)
    fields = st.tuples(st.sampled_from(WORDS), kinds, st.sampled_from(("", ":optional")))
    several = st.lists(fields, min_size=1, max_size=3, unique_by=lambda field: field[0])
    return several.map(lambda some: f"lines({' '.join(f'{n}:{k}{end}' for n, k, end in some)})")


@st.composite
def written_fields(draw: st.DrawFn) -> str:
    word = draw(st.sampled_from(sorted(MAY_HAVE)))
    name = draw(st.sampled_from(WORDS)) + {"ref": "_id", "lines": "_rows"}.get(word, "")
    kind = draw(written_types(word))
    of_all = ("optional",) if word == "lines" else ("optional", "server")
    chosen = draw(st.sets(st.sampled_from((*MAY_HAVE[word], *of_all))))
    if "default" in chosen:
        chosen -= {"optional", "unique"}
    elif "server" in chosen:
        chosen.add("optional")
    default = f"default={kind.rpartition('.')[2] if word == 'enum' else DEFAULTS.get(word)}"
    modifiers = [default if each == "default" else each for each in sorted(chosen)]
    return ":".join([name, kind, *modifiers])


LISTS: Final = st.lists(
    written_fields(), max_size=6, unique_by=lambda written: written.partition(":")[0]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose code is checked by the rules of the project."""
    folder = tmp_path_factory.mktemp("random")
    (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return folder


@settings(phases=[Phase.explicit, Phase.generate])  # to shrink a list would take minutes
@example(["sizes:lines(height:bool)", "colours:lines(height:int)"])
@example([f"{name}:date:unique" for name in ("a_quite_long_name", "another_long_name", "the_last")])
@given(LISTS)
def test_any_list_of_fields_gives_a_module_that_passes_the_lint(
    folder: Path, more: list[str]
) -> None:
    fields = ["label:str.60", *more]
    read = parse_fields(fields)
    assert [each.name for each in read] == [each.partition(":")[0] for each in fields]
    texts = rendered(module_spec("parcel", fields, project=PROJECT), PROJECT)
    for path, text in texts.items():
        ast.parse(text)
        assert max(map(len, text.splitlines())) <= 100, path
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    run_in(folder, "ruff", "check", "--no-cache", *(str(path) for path in texts))


# --- Garbage ------------------------------------------------------------------------------------

KINDS: Final = st.sampled_from(sorted({*MAY_HAVE} | {"enum.a.b", "lines(name:str)", "a"}))
ENDS: Final = (".", ":", ":default=", ":flow(", ":flow.", ":unique", ":optional:", "(", " ")
NEARLY: Final = st.tuples(KINDS, st.sampled_from(ENDS), st.text()).map("".join)


@example([f"label:str.{'9' * 5_000}"])  # more digits than Python reads
@given(st.lists(st.one_of(st.text(), NEARLY.map("label:{}".format)), min_size=1, max_size=3))
def test_whatever_is_written_is_read_or_refused(written: list[str]) -> None:
    with suppress(Refusal):
        module_spec("parcel", written, project=PROJECT)


def with_a_wrong_letter(written: str) -> st.SearchStrategy[str]:
    """A field in which a letter stands that no part of it can have."""
    places = st.integers(0, len(written))
    letters = st.sampled_from("!?*$/é'\"\0")
    return st.tuples(places, letters).map(
        lambda chosen: written[: chosen[0]] + chosen[1] + written[chosen[0] :]
    )


WITHOUT_TYPE: Final = st.text().filter(lambda text: ":" not in text)
GARBAGE: Final = st.one_of(
    WITHOUT_TYPE, st.sampled_from(fields_of(INVOICE)).flatmap(with_a_wrong_letter)
)


# The project is the same for each example, since none of them may change it.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GARBAGE)
def test_garbage_changes_nothing_in_a_project(project: SmallProject, garbage: str) -> None:
    project.refuses("module add parcel label:str --", garbage)
