"""A new project: a repository whose first commit is the rendered base."""

import shutil
import tempfile
from pathlib import Path

from scaffold.base.address import base_at, chosen
from scaffold.base.answers import Answers
from scaffold.base.git import GitFailed, Repository, require_git
from scaffold.base.render import render
from scaffold.base.versions import Version
from scaffold.errors import Refusal


def make_project(
    folder: Path, name: str, *, bare: bool = False, to: str | None = None, base: str | None = None
) -> Version:
    """Make a project in a folder that is empty or not there yet. Raises Refusal; then none is made.

    `to` is a version of the base, by default the newest, or what a clone has. `base` is a clone, a
    bundle or an address, by default where the tool itself comes from.
    """
    answers = Answers.of(name, bare=bare)
    require_git()
    _require_room(folder)
    with base_at(base) as found:
        if folder.resolve().is_relative_to(found.folder):
            raise Refusal(
                f"{folder} is in the base itself: name a folder outside of {found.folder}"
            )
        version = chosen(found, to)
        _write(found, version, answers, folder.resolve())
    return version


def _require_room(folder: Path) -> None:
    if not folder.resolve().parent.is_dir():
        raise Refusal(f"{folder.resolve().parent} is not there: make that folder first")
    if folder.resolve() == Path.cwd():
        raise Refusal("you are in this folder: name it from the one above")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise Refusal(f"{folder} is not empty: name a folder that is not there yet")


# --- The project --------------------------------------------------------------------------------


def _write(base: Repository, version: Version, answers: Answers, folder: Path) -> None:
    """Make the project beside its place and move it there, so that it is whole or not there."""
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made = beside / folder.name
        made.mkdir()
        project = Repository(made)
        project.git("init", "--quiet", "--initial-branch=main", "--template=")
        commit = render(base, version, answers, project)
        project.git("reset", "--quiet", "--hard", commit)
        made.replace(folder)
    except OSError as error:
        raise Refusal(f"no project was made: {error.strerror or error}") from None
    except GitFailed as error:
        raise Refusal(f"no project was made: {error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
