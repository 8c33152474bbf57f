"""Carries out a plan so that a project has all of its changes or none.

All that is needed to go on, or to go back, is in a folder beside the project's files before the
first of them changes. Its name is the state: `preparing`, `applying`, `undoing` or `done`. If the
process is killed, the next command finishes what the name says. New contents are moved and old
ones are moved back, so that going back needs no space on the disk.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from scaffold.errors import Refusal
from scaffold.plan import Plan

FOLDER: Final = ".alicerce"
_PREPARING, _APPLYING, _UNDOING, _DONE = (".preparing", ".applying", ".undoing", ".done")


@contextmanager
def alone_in(root: Path) -> Iterator[str | None]:
    """Let one command at a time change the project, and end what a killed one began.

    Gives a sentence if there was such a command. Raises Refusal if another is running.
    """
    folder = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refusal(
                "Another command is changing this project; wait until it has ended"
            ) from error
        yield _end_of_killed(root)
    finally:
        os.close(folder)


def carry_out(root: Path, plan: Plan) -> None:
    """Change the files. Raises Refusal if that is not possible; then the files are as before."""
    try:
        _prepare(root, plan)
        _move(root, _PREPARING, _APPLYING)
        try:
            _apply(root)
        except BaseException:
            _move(root, _APPLYING, _UNDOING)
            _undo(root)
            raise
    except OSError as error:
        name = error.filename or root
        raise Refusal(f"{name}: {error.strerror}; nothing was changed") from error
    finally:
        _clean(root)


def _end_of_killed(root: Path) -> str | None:
    said = None
    if (root / FOLDER / _APPLYING).is_dir():
        _apply(root)
        said = "The last command was killed; what it had begun is finished now"
    elif (root / FOLDER / _UNDOING).is_dir():
        _undo(root)
        said = "The last command was killed; what it had begun is taken back now"
    _clean(root)
    return said


def _prepare(root: Path, plan: Plan) -> None:
    folder = root / FOLDER / _PREPARING
    folder.mkdir(parents=True)
    for number, change in enumerate(plan.changes):
        target = root / change.path
        _require_no_link(root, target)
        if (target.read_bytes() if target.exists() else None) != change.before:
            raise Refusal(f"{change.path} was changed meanwhile; give the command again")
        if change.before is not None:
            _keep(target, folder / f"{number}.old")
        if change.after is not None:
            new = folder / f"{number}.new"
            new.write_bytes(change.after)
            if change.before is not None:
                shutil.copymode(target, new)
    told = {
        "changes": [{"path": each.path, "kind": each.kind} for each in plan.changes],
        "folders": _new_folders(root, plan),
    }
    (folder / "journal.json").write_text(json.dumps(told), encoding="utf-8")


def _keep(target: Path, old: Path) -> None:
    """Give a file a second name, or copy it where the disk has no such names."""
    try:
        os.link(target, old)
    except OSError:
        shutil.copy2(target, old)


def _require_no_link(root: Path, target: Path) -> None:
    if target.is_symlink() or not target.parent.resolve().is_relative_to(root.resolve()):
        raise Refusal(f"{target} is or is behind a symbolic link; put the file itself there")


def _new_folders(root: Path, plan: Plan) -> list[str]:
    """Return the folders that new files need, the outermost first."""
    needed = {
        str(parent): root / parent
        for change in plan.changes
        for parent in reversed(Path(change.path).parents)
    }
    return [name for name, folder in needed.items() if not folder.exists()]


def _apply(root: Path) -> None:
    folder = root / FOLDER / _APPLYING
    for number, target, kind in _told(root, folder):
        new = folder / f"{number}.new"
        if kind == "remove":
            target.unlink(missing_ok=True)
            remove_empty(target.parent, root)
        elif new.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            new.replace(target)
    _move(root, _APPLYING, _DONE)


def _undo(root: Path) -> None:
    folder = root / FOLDER / _UNDOING
    for number, target, kind in _told(root, folder):
        old = folder / f"{number}.old"
        if kind == "add":
            target.unlink(missing_ok=True)
        elif old.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            old.replace(target)
    for name in reversed(_journal(folder)["folders"]):
        with suppress(OSError):  # somebody else put something there
            (root / name).rmdir()
    _move(root, _UNDOING, _DONE)


def remove_empty(folder: Path, root: Path) -> None:
    """Remove a folder, and those around it, in which nothing is left but what Python wrote there.

    An empty folder would still be a package.
    """
    while folder != root:
        if folder.is_dir():
            if {each.name for each in folder.iterdir()} - {"__pycache__"}:
                return
            shutil.rmtree(folder)
        folder = folder.parent


def _clean(root: Path) -> None:
    for state in (_PREPARING, _DONE):
        shutil.rmtree(root / FOLDER / state, ignore_errors=True)
    with suppress(OSError):
        (root / FOLDER).rmdir()  # unless it has something else


def _move(root: Path, state: str, to: str) -> None:
    (root / FOLDER / state).rename(root / FOLDER / to)


def _told(root: Path, folder: Path) -> Iterator[tuple[int, Path, str]]:
    """Give the number of each change, its file and its kind."""
    for number, change in enumerate(_journal(folder)["changes"]):
        yield number, root / change["path"], change["kind"]


def _journal(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "journal.json").read_text(encoding="utf-8"))
    return told
