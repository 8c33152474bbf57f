"""What is made from the code: it is made again after an update."""

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from scaffold.base.git import Repository
from scaffold.staging import DERIVE
from scaffold.updates.rewriting import tools_of

MESSAGE: Final = "Make again what is derived from the code"
PINS: Final = "requirements"


def derive(project: Repository, paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Make files again and commit them; return those that changed, and what is left to do."""
    paths, by_hand = list(paths), []
    pins = [path for path in paths if path.startswith(PINS)]
    if pins and (failed := _made_again(project, _locking())):
        by_hand.append(f"make lock, for {', '.join(pins)}: {failed}")
    if len(paths) > len(pins) and (failed := _made_again(project, _writing(project.folder))):
        by_hand.append(f"make install openapi: {failed}")
    changed = project.git("diff", "--cached", "--name-only", "-z").split("\0")
    if found := [path for path in changed if path]:
        project.git("commit", "--quiet", "--no-verify", f"--message={MESSAGE}")
        return found, by_hand
    return [], by_hand


def _locking() -> Sequence[str]:
    """Return `make lock`, which then installs nothing before."""
    return ("make", "-o", ".venv/.installed", "lock")


def _writing(root: Path) -> Sequence[str]:
    return (str(tools_of(root) / "python"), *DERIVE)


def _made_again(project: Repository, command: Sequence[str]) -> str | None:
    """Add to the next commit what a command writes; return why it failed, and then take it back."""
    own = {"PYTHONSAFEPATH", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL"}
    done = subprocess.run(
        command,
        cwd=project.folder,
        env={name: value for name, value in os.environ.items() if name not in own},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        project.git("restore", ".")
        said = [line for line in done.stderr.splitlines() if line.strip()]
        return said[-1].strip() if said else "it said nothing"
    project.git("add", "--update")
    return None
