"""A version of the base becomes a commit of a project: the same files, under the project's name."""

from pathlib import Path

from scaffold.base.answers import Answers
from scaffold.base.git import Repository
from scaffold.base.render import render, rendered
from scaffold.base.versions import version_at
from tests.scaffold.conftest import clone_of

OWN = Answers(name="Alicerce", slug="alicerce", without=frozenset())
SHOP = Answers.of("Pedidos à vista", bare=False)


def empty(folder: Path) -> Repository:
    folder.mkdir()
    project = Repository(folder)
    project.git("init", "--quiet", "--initial-branch=main")
    return project


def test_the_base_under_its_own_name_is_its_own_tree(base: Repository, tmp_path: Path) -> None:
    tree = base.tree("HEAD")
    assert len(tree) > 1000
    assert {file.mode for file in tree.values()} == {"100644", "100755"}
    assert rendered(tree, OWN, version_at(base, "HEAD")) == tree
    project = empty(tmp_path / "own")
    commit = render(base, version_at(base, "HEAD"), OWN, project)
    # The id is git's hash of all paths, modes and bytes, whatever the tool reads and writes.
    assert project.git("rev-parse", f"{commit}^{{tree}}") == base.git("rev-parse", "HEAD^{tree}")


def test_the_same_commit_is_made_from_two_clones(base: Repository, tmp_path: Path) -> None:
    other = clone_of(base.folder, tmp_path / "other")
    commits = {
        render(clone, version_at(clone, "HEAD"), SHOP, empty(tmp_path / name))
        for name, clone in (("one", base), ("two", other))
    }
    assert len(commits) == 1
