"""The tool is installed from its wheel, and makes the same projects as from a clone."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import typer

from scaffold.base.git import Repository
from scaffold.base.new import make_project
from tests.scaffold.conftest import clone_of
from tests.scaffold.test_new import release


def run(*command: str | Path, folder: Path) -> str:
    """Run a command without the variables that tell Python of this project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(  # noqa: S603 - our own
        command, cwd=folder, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wheel")


@pytest.fixture(scope="module")
def clone(base: Repository, folder: Path) -> Repository:
    """A clone with a released version."""
    clone = clone_of(base.folder, folder / "clone")
    release(clone, "7.1.0")
    return clone


@pytest.fixture(scope="module")
def alicerce(clone: Repository, folder: Path) -> Path:
    """The command of the installed wheel, in an environment with the libraries of this one."""
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", "release")
    run(sys.executable, *build, folder=clone.folder)
    [wheel] = (folder / "dist").iterdir()
    assert wheel.name == "alicerce-7.1.0-py3-none-any.whl"
    assert wheel.stat().st_size < 10_000_000
    assert clone.git("status", "--porcelain") == ""
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    run(environment / "bin/python", "-m", "pip", "install", "--no-deps", wheel, folder=folder)
    [packages] = environment.glob("lib/python*/site-packages")
    libraries = Path(typer.__file__).parents[1]
    (packages / "libraries.pth").write_text(f"{libraries}\n")
    return environment / "bin/alicerce"


def test_the_installed_tool_makes_the_same_project_as_a_clone(
    alicerce: Path, clone: Repository, tmp_path: Path
) -> None:
    said = run(alicerce, "new", "shop", "--name", "Shop", folder=tmp_path)
    assert "made from the base 7.1.0" in said
    make_project(tmp_path / "other", "Shop", base=str(clone.folder))
    one, other = (
        Repository(tmp_path / name).git("rev-parse", "HEAD") for name in ("shop", "other")
    )
    assert one == other


def test_the_installed_tool_updates_a_project_from_the_base_that_it_brings(
    alicerce: Path, tmp_path: Path
) -> None:
    run(alicerce, "new", "shop", "--name", "Shop", "--to", "0.1.0", folder=tmp_path)
    shop = Repository(tmp_path / "shop")
    shop.git("config", "user.name", "Ana Example")
    shop.git("config", "user.email", "ana@example.com")
    said = run(alicerce, "update", folder=shop.folder)
    assert "The base 7.1.0 is in the branch update-base-7.1.0.\n" in said
    assert "There is no newer version." in run(alicerce, "status", folder=shop.folder)
