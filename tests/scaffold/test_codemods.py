"""Codemods change the calls of what has a new name in the base, and nothing else."""

from pathlib import Path
from typing import Final

import pytest

from scaffold import codemods
from scaffold.codemods import edits_of
from scaffold.codemods.renames import renamed_module, renamed_name
from scaffold.edits import Edit
from scaffold.source import Unclear

BY_VERSION: Final = {
    "0.2.0": (
        """\
from app.core.recent import forget_oldest


def keep(seen: dict) -> None:
    forget_oldest(seen, most=10)  # forget_oldest is quick
""",
        """\
from app.core.caches import evict_oldest


def keep(seen: dict) -> None:
    evict_oldest(seen, most=10)  # forget_oldest is quick
""",
    ),
}
EDITS: Final = (renamed_name("a.old", "f", "g"), renamed_module("a.old", "a.new"))


def changed(text: str) -> str:
    for edit in EDITS:
        text = edit(text)
    return text


@pytest.mark.parametrize("version", BY_VERSION)
def test_the_edits_of_a_version_change_its_fixture_and_may_run_twice(version: str) -> None:
    text, wanted = BY_VERSION[version]
    for _ in range(2):
        for edit in edits_of(version):
            text = edit(text)
        assert text == wanted
    assert edits_of(f"{version}.dev0") == edits_of(version)


def test_each_version_with_codemods_has_a_fixture() -> None:
    folder = Path(codemods.__file__).parent
    names = {f"v{version.replace('.', '_')}" for version in BY_VERSION}
    assert {file.stem for file in folder.glob("v*.py")} == names


def test_a_version_without_codemods_has_no_edits() -> None:
    assert edits_of("0.1.0") == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("from a.old import f\nf(1)\n", "from a.new import g\ng(1)\n"),
        ("from a.old import f as h\nh(1)\n", "from a.new import g as h\nh(1)\n"),
        ("from a.old import e, f\nf(e)\n", "from a.new import e, g\ng(e)\n"),
        ("import a.old\na.old.f(a.old.e)\n", "import a.new\na.new.g(a.new.e)\n"),
        ("import a.old as o\no.f(1)\n", "import a.new as o\no.g(1)\n"),
        ("from a import old, b\nold.f(b)\n", "from a import new, b\nnew.g(b)\n"),
        ("patch('a.old.f', 1)\n", "patch('a.new.g', 1)\n"),
        ("from a.old.deep import x\n", "from a.new.deep import x\n"),
        ("from a.old import f\r\nf(1)\r\n", "from a.new import g\r\ng(1)\r\n"),
        ("from a.old import f\nx('é', f)\n", "from a.new import g\nx('é', g)\n"),
        # In these files the old or the new name is something else, too.
        ("from a.old import f\ng = f(1)\n", "from a.new import g as f\ng = f(1)\n"),
        (
            "from a.old import f\ndef h(f): f()\nf()\n",
            "from a.new import g as f\ndef h(f): f()\nf()\n",
        ),
    ],
)  # fmt: skip
def test_a_new_name_is_followed_from_its_import(text: str, wanted: str) -> None:
    assert changed(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "def f(old): return old.f()\n",
        "from b.old import f\nf()\n",
        "from a.older import f\nf()\n",
        "import a.older\na.older.f()\n",
        "print('f of a.old')\n",
        "from .old import f\nf()\n",
        "# from a.old import f\n",
    ],
)
def test_what_only_looks_like_the_name_stays(text: str) -> None:
    assert changed(text) == text


@pytest.mark.parametrize(
    ("text", "edit", "why"),
    [
        ("from a import old\n", renamed_module("a.old", "b.new"), "import it from b"),
        ("x = 'a.' 'old'\n", renamed_module("a.old", "a.new"), "not understood"),
        ("import a.old\nif:\n", renamed_module("a.old", "a.new"), "no Python"),
    ],
)
def test_where_a_developer_has_to_look_the_edit_says_so(text: str, edit: Edit, why: str) -> None:
    with pytest.raises(Unclear, match=why):
        edit(text)
