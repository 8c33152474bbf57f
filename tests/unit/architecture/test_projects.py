"""Projects can be made from this base: the lists in scaffold/owners.toml fit its files."""

import re
from pathlib import Path

import pytest

from scaffold.base.answers import Answers
from scaffold.base.git import Repository, Tree
from scaffold.base.owners import Owners, matches
from scaffold.base.render import rendered
from scaffold.base.versions import FILE, LINE, Version, versions
from scaffold.working_tree import tree_of
from scripts.bare_documents import FOLDER, documents
from tests.support.documents import dead_links, navigation, pages
from tests.support.project_copy import run_in

ROOT = Path(__file__).resolve().parents[3]
VERSION = Version("0.0.0", "0" * 40, "0 +0000")
NAMES = re.compile(rb"(?<![.])alicerce|(?<![A-Za-z])alk_", re.IGNORECASE)

# The tool and its page call themselves so; the others say where a project comes from.
MAY_HOLD_THE_NAME = ("scaffold", "docs/scaffold", ".alicerce", "README.md")


@pytest.fixture(scope="module")
def base() -> Tree:
    """The files of the base as they are now, committed or not."""
    return tree_of(ROOT)


@pytest.fixture(scope="module")
def owners(base: Tree) -> Owners:
    return Owners.of(base)


def test_each_file_that_holds_the_name_of_the_base_is_in_the_list(
    base: Tree, owners: Owners
) -> None:
    left_out = [*owners.left_out["base"], *MAY_HOLD_THE_NAME]
    holding = {path for path, file in base.items() if NAMES.search(file.content)}
    assert {path for path in holding if not matches(path, left_out)} == set(owners.named)


@pytest.mark.parametrize("bare", [False, True])
def test_no_file_of_a_project_holds_the_name_of_the_base(base: Tree, *, bare: bool) -> None:
    project = rendered(base, Answers.of("Pedidos à vista", bare=bare), VERSION)
    assert len(project) > 900
    holding = {path for path, file in project.items() if NAMES.search(file.content)}
    assert {path for path in holding if not matches(path, MAY_HOLD_THE_NAME)} == set()


def written(project: Tree, folder: Path) -> Path:
    for path, file in project.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(file.content)
    return folder


@pytest.mark.parametrize("bare", [False, True])
def test_the_documents_of_a_project_are_whole(base: Tree, tmp_path: Path, *, bare: bool) -> None:
    project = written(rendered(base, Answers.of("Shop", bare=bare), VERSION), tmp_path)
    there = pages(project)
    assert set(navigation(project)) == {str(page.relative_to(project)) for page in there}
    assert {page: dead for page in there if (dead := dead_links(project, page))} == {}


@pytest.mark.parametrize("name", ["Xy", "Bcdefghijk Lmnopqrstu Vwxyzabc"])
def test_the_code_of_a_project_has_its_form_with_a_short_and_a_long_name(
    base: Tree, tmp_path: Path, name: str
) -> None:
    written(rendered(base, Answers.of(name, bare=False), VERSION), tmp_path)
    run_in(tmp_path, "ruff", "check")
    run_in(tmp_path, "ruff", "format", "--check")


def test_each_pattern_of_the_lists_names_a_file(base: Tree, owners: Owners) -> None:
    lists = [owners.project, owners.derived, owners.marked, *owners.left_out.values()]
    patterns = {pattern for patterns in lists for pattern in patterns}
    unused = {each for each in patterns if not any(matches(path, [each]) for path in base)}
    assert unused == set()


def test_the_documents_of_a_project_without_the_sample_are_generated(base: Tree) -> None:
    start = f"{FOLDER}/"
    kept = {path.removeprefix(start): file for path, file in base.items() if path.startswith(start)}
    assert kept == documents(base), "run `make openapi`"


# --- Versions -----------------------------------------------------------------------------------


def headings(base: Tree) -> set[str]:
    """Return the sections of the change log that say something."""
    sections = base["CHANGELOG.md"].content.decode().split("\n## ")[1:]
    return {each[1:].partition("]")[0] for each in sections if "\n- " in each}


def test_a_released_version_has_notes(base: Tree) -> None:
    [version] = LINE.findall(base[FILE].content.decode())
    assert version.endswith(".dev0") or version in headings(base)


def test_each_version_in_the_history_has_notes(base: Tree) -> None:
    released = {each.name for each in versions(Repository(ROOT), "HEAD")}
    assert released <= headings(base)
