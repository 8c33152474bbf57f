"""A plan is carried out as a whole or not at all, also if the process is killed."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from scaffold.errors import Refusal
from scaffold.journal import FOLDER, alone_in, carry_out
from scaffold.plan import Change, Plan
from tests.support.server import ROOT

BEFORE: Final = {"app/a.py": "a\n", "app/b.py": "b\n", "old/only/c.txt": "c\n", "kept.txt": "k\n"}
AFTER: Final = {
    "app/a.py": "a, and more\n",
    "app/new/d.py": "d\n",
    "app/new/deep/e.py": "e\n",
    "kept.txt": "k\n",
    "app/b.py": "another\n",
}
OLD: Final = dict(sorted(BEFORE.items()))
NEW: Final = dict(sorted(AFTER.items()))
PLAN: Final = Plan(
    tuple(
        Change(
            path,
            BEFORE[path].encode() if path in BEFORE else None,
            AFTER[path].encode() if path in AFTER else None,
        )
        for path in sorted({*BEFORE, *AFTER} - {"kept.txt"})
    )
)

# Run by a child: it carries out the plan and does something at its nth change of the disk.
CHILD: Final = """
import errno, json, os, signal, sys
from pathlib import Path
from scaffold.journal import alone_in, carry_out
from scaffold.plan import Change, Plan

at, end = int(sys.argv[1]), sys.argv[2]
changes = [Change(p, b and b.encode(), a and a.encode()) for p, b, a in json.load(sys.stdin)]
count = 0

def watch(event, arguments):
    global count
    writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
    if writes or event in {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link"}:
        count += 1
        if count == at:
            if end == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if end == "full":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))
            raise KeyboardInterrupt

with alone_in(Path.cwd()):
    sys.addaudithook(watch)
    carry_out(Path.cwd(), Plan(tuple(changes)))
print("reached" if count >= at else "whole")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_project(tmp_path)


def tree(root: Path) -> dict[str, str]:
    """The text of all files; empty folders are there too."""
    paths = [path for path in root.rglob("*") if path.is_file() or not any(path.iterdir())]
    return {str(p.relative_to(root)): p.read_text() if p.is_file() else "" for p in sorted(paths)}


def a_project(folder: Path) -> Path:
    for path, text in BEFORE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def is_whole_after(root: Path, at: int, how: str) -> bool:
    """Carry out the plan in a process that ends at its nth change; return if it had no nth."""
    texts = [
        [each.path, each.before and each.before.decode(), each.after and each.after.decode()]
        for each in PLAN.changes
    ]
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-S", "-c", CHILD, str(at), how],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout == "whole\n"


def test_a_plan_adds_changes_and_removes_files_and_folders(root: Path) -> None:
    with alone_in(root):
        carry_out(root, PLAN)
    assert tree(root) == NEW


def test_a_command_that_is_killed_at_any_step_leaves_the_old_or_the_new_tree(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    is_new = []
    for at in range(1, 200):
        root = a_project(tmp_path_factory.mktemp("killed"))
        if is_whole_after(root, at, "kill"):
            break
        with alone_in(root):
            pass  # as the next command begins
        is_new.append(tree(root) == NEW)
        assert tree(root) in (OLD, NEW), at
    assert set(is_new) == {False, True}
    assert is_new == sorted(is_new)  # from some step on it is the new one


@pytest.mark.parametrize("how", ["full", "interrupt"])
def test_a_full_disk_or_ctrl_c_at_any_step_leaves_the_old_or_the_new_tree_at_once(
    tmp_path_factory: pytest.TempPathFactory, how: str
) -> None:
    is_new = []
    for at in range(1, 200):
        root = a_project(tmp_path_factory.mktemp(how))
        if is_whole_after(root, at, how):
            break
        left = {path: text for path, text in tree(root).items() if not path.startswith(FOLDER)}
        is_new.append(left == NEW)
        assert left in (OLD, NEW), at
        with alone_in(root):
            pass
        assert tree(root) == left, at
    assert set(is_new) == {False, True}


def test_a_full_disk_is_a_refusal_that_names_the_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Refusal, match=r"somewhere: No space left on device; nothing was changed"):
        carry_out(root, PLAN)
    assert tree(root) == OLD


def test_a_command_waits_for_no_other(root: Path) -> None:
    with alone_in(root), pytest.raises(Refusal, match="Another command"), alone_in(root):
        pass


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(root: Path) -> None:
    (root / "app/b.py").write_text("mine\n")
    with pytest.raises(Refusal, match=r"app/b\.py was changed meanwhile"):
        carry_out(root, PLAN)
    assert tree(root) == dict(sorted({**BEFORE, "app/b.py": "mine\n"}.items()))


def test_a_file_behind_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "app/a.py").unlink()
    (root / "app/a.py").symlink_to(root / "kept.txt")
    plan = Plan((Change("app/a.py", b"k\n", b"other\n"),))
    with pytest.raises(Refusal, match="symbolic link"):
        carry_out(root, plan)
    assert (root / "kept.txt").read_text() == "k\n"


def test_a_changed_file_keeps_its_mode(root: Path) -> None:
    (root / "app/a.py").chmod(0o755)
    carry_out(root, PLAN)
    assert (root / "app/a.py").stat().st_mode & 0o777 == 0o755


def test_a_diff_can_be_applied_by_git(root: Path) -> None:
    done = subprocess.run(
        ["git", "apply", "--unsafe-paths", "-"],  # noqa: S607 - the developer's own
        cwd=root,
        input=PLAN.diff(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert tree(root) == NEW
