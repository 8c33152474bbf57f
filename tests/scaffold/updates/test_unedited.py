"""A project that nobody edited gets the later version as if it had been made from it."""

from typing import Final

from scaffold.base.answers import Answers
from scaffold.base.git import Tree
from scaffold.base.owners import Owners, matches
from scaffold.base.render import rendered
from scaffold.base.versions import version_at
from tests.scaffold.updates.older_project import OlderProject

CALLS_WHAT_WAS_RENAMED: Final = "app/modules/task/application/quotas.py"


def test_an_unedited_project_becomes_the_later_version(first: OlderProject) -> None:
    before = first.repository.tree("main")
    first.updates()
    after = first.repository.tree("HEAD")
    tip = version_at(first.base, "HEAD")
    wanted = rendered(first.base.tree("HEAD"), Answers.of("Shop", bare=False), tip)
    own = Owners.of(first.base.tree("HEAD")).project
    assert of_the_base(after, own) == of_the_base(wanted, own)
    theirs, ours = of_the_project(before, own), of_the_project(after, own)
    assert ours.keys() == theirs.keys()
    assert {path for path in ours if ours[path] != theirs[path]} == {CALLS_WHAT_WAS_RENAMED}
    assert "evict_oldest(" in first.read(CALLS_WHAT_WAS_RENAMED)
    assert first.git("status", "--porcelain") == ""
    assert first.branch == f"update-base-{tip.name}"
    assert first.repository.tree("main") == before


def of_the_base(tree: Tree, own: list[str]) -> Tree:
    return {path: file for path, file in tree.items() if not matches(path, own)}


def of_the_project(tree: Tree, own: list[str]) -> Tree:
    return {path: file for path, file in tree.items() if matches(path, own)}
