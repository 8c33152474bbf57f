"""A project is made as a whole, or the command says what to write instead and makes none."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scaffold.__main__ import main
from scaffold.base import new
from scaffold.base.answers import Answers, slug_of
from scaffold.base.git import Repository
from scaffold.base.new import make_project
from scaffold.base.render import render
from scaffold.base.versions import version_at
from scaffold.errors import Refusal
from tests.scaffold.conftest import clone_of, commit
from tests.support.server import ROOT


def test_the_first_commit_of_a_project_is_the_rendered_base(
    base: Repository, tmp_path: Path
) -> None:
    make_project(tmp_path / "shop", "Café Três", base=str(base.folder))
    project = Repository(tmp_path / "shop")
    other = Repository(tmp_path / "other")
    other.folder.mkdir()
    other.git("init", "--quiet")
    answers = Answers.of("Café Três", bare=False)
    assert project.git("rev-parse", "main") == render(
        base, version_at(base, "HEAD"), answers, other
    )
    assert project.git("status", "--porcelain") == ""
    assert Answers.read((project.folder / ".alicerce/project.toml").read_text("utf-8")) == answers
    assert "# Café Três\n" in (project.folder / "README.md").read_text("utf-8")
    assert "Copyright (c) 2026 Café Três" in (project.folder / "LICENSE").read_text("utf-8")
    assert 'PREFIX: ClassVar = "cak_"' in (
        project.folder / "app/modules/user/domain/keys.py"
    ).read_text("utf-8")


def test_an_empty_folder_becomes_a_project(base: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    make_project(folder, "Shop", base=str(base.folder))
    assert (folder / "Makefile").exists()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_project_is_made_from_the_newest_version_of_a_bundle(
    base: Repository, tmp_path: Path
) -> None:
    clone = clone_of(base.folder, tmp_path / "clone")
    release(clone, "7.1.0")
    release(clone, "7.2.0.dev0")
    clone.git("bundle", "create", str(tmp_path / "base.bundle"), "HEAD")
    made = make_project(tmp_path / "shop", "Shop", base=str(tmp_path / "base.bundle"))
    assert made.name == "7.1.0"
    later = make_project(tmp_path / "later", "Shop", base=str(clone.folder))
    assert later.name == "7.2.0.dev0"
    named = make_project(tmp_path / "named", "Shop", base=str(clone.folder), to="v7.1.0")
    assert named == made
    older, newer = Repository(tmp_path / "shop"), Repository(tmp_path / "later")
    assert newer.git("rev-parse", "HEAD~1") == older.git("rev-parse", "HEAD")


def release(clone: Repository, version: str) -> None:
    file = clone.folder / "pyproject.toml"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    lines = [f'version = "{version}"\n' if x.startswith("version = ") else x for x in lines]
    file.write_text("".join(lines), "utf-8")
    commit(clone, f"Release {version}")


# --- Names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Shop", "shop"),
        ("Pedidos à vista", "pedidos_a_vista"),
        ("Ação 2.0", "acao_2_0"),
        ("Order-Desk", "order_desk"),
    ],
)
def test_a_name_gives_a_slug(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("", "write one of 2 to 30"),
        ("x" * 31, "write one of 2 to 30"),
        ("Shop!", "letters, digits, spaces, hyphens and dots"),
        ('Sh"op', "letters, digits, spaces, hyphens and dots"),
        ("Shop\n", "letters, digits, spaces, hyphens and dots"),
        ("2 Shops", "begin with a letter"),
        ("Shop-", "end with a letter or digit"),
        ("Заказы", "letters of the Latin alphabet"),
        ("Class", "add a word, as in 'Class service'"),
        ("Order", "add a word"),
        ("tests", "add a word"),
        ("Alicerce", "add a word"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, instead: str) -> None:
    with pytest.raises(Refusal, match=instead):
        slug_of(name)


# --- Refused ------------------------------------------------------------------------------------


@pytest.fixture
def clone(base: Repository, tmp_path: Path) -> Repository:
    return clone_of(base.folder, tmp_path / "clone")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Run a command that has to be refused, and return what it says."""
    with pytest.raises(SystemExit) as ended:
        main(["new", *map(str, arguments)])
    assert ended.value.code == 3
    output, errors = capsys.readouterr()
    assert output == ""
    return errors


def everything_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_with_files_is_refused(
    base: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    said = refused(capsys, tmp_path, "--name", "Shop", "--from", base.folder)
    assert said == f"{tmp_path} is not empty: name a folder that is not there yet\n"
    assert everything_in(tmp_path) == {tmp_path / "notes.txt": b"mine"}


def test_a_place_that_cannot_be_is_refused(
    base: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--name", "Shop", "--from", base.folder)
    assert "make that folder first" in refused(capsys, "missing/shop", *options)
    assert "name it from the one above" in refused(capsys, ".", *options)
    assert list(tmp_path.iterdir()) == []


def test_a_clone_that_lacks_something_is_refused(
    clone: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, whole = tmp_path / "shop", everything_in(clone.folder / "app")

    def said(*more: str) -> str:
        return refused(capsys, place, "--name", "Shop", "--from", clone.folder, *more)

    assert "there is no version 9.9.9: name one of the base's (" in said("--to", "9.9.9")
    inside = refused(capsys, clone.folder / "x", "--name", "Shop", "--from", clone.folder)
    assert f"name a folder outside of {clone.folder}" in inside
    (clone.folder / "LICENSE").write_text("changed")
    assert "LICENSE in" in said()
    assert "commit the changes, or name a version with --to" in said()
    clone.git("checkout", "--quiet", "LICENSE")
    clone.git("checkout", "--quiet", "--detach")
    assert "check one out, or name a version with --to" in said()
    assert everything_in(clone.folder / "app") == whole
    assert not place.exists()


def test_a_shallow_clone_is_refused(
    base: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shallow = tmp_path / "shallow"
    base.git("clone", "--quiet", "--depth=1", f"file://{base.folder}", str(shallow))
    said = refused(capsys, tmp_path / "shop", "--name", "Shop", "--from", shallow)
    assert "run `git fetch --unshallow` in it first" in said
    assert list(tmp_path.iterdir()) == [shallow]


@pytest.mark.parametrize("kind", ["folder", "file", "nothing"])
def test_what_is_no_base_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    other = tmp_path / "other"
    if kind == "folder":
        other.mkdir()
    if kind == "file":
        other.write_text("no bundle")
    said = refused(capsys, tmp_path / "shop", "--name", "Shop", "--from", other)
    assert said.startswith(f"{other} ")
    assert not (tmp_path / "shop").exists()


def test_a_project_is_no_base(
    base: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path / "shop", "Shop", base=str(base.folder))
    said = refused(capsys, tmp_path / "more", "--name", "More", "--from", tmp_path / "shop")
    assert "name the base, a clone or its address, with --from" in said


def test_without_git_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install git 2.28 or newer" in refused(capsys, tmp_path / "shop", "--name", "Shop")
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.20.1\n")
    old.chmod(0o755)
    said = refused(capsys, tmp_path / "shop", "--name", "Shop")
    assert said == "git version 2.20.1 is too old: install git 2.28 or newer\n"


# --- In the middle ------------------------------------------------------------------------------


def test_ctrl_c_in_the_middle_leaves_nothing(
    base: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any) -> str:
        render(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(new, "render", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_project(tmp_path / "shop", "Shop", base=str(base.folder))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing(base: Repository, tmp_path: Path) -> None:
    limited = f"ulimit -f 500; exec {sys.executable} -m scaffold new shop --name Shop --from"
    done = subprocess.run(  # noqa: S603 - our own
        ["bash", "-c", f"{limited} {base.folder}"],  # noqa: S607 - the developer's own
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("no project was made: ")
    assert list(tmp_path.iterdir()) == []
