"""Git, which reads the versions of the base and writes the commits of a project."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from scaffold.errors import Refusal

OLDEST: Final = (2, 28)  # `init --initial-branch`
MERGES_IN_MEMORY: Final = (2, 38)  # `merge-tree --write-tree`

# Where these are set, as they are while a hook runs, git would speak of another repository.
_OF_ANOTHER: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")


class File(NamedTuple):
    """A file of a commit: its mode, such as 100755, and its bytes; a link's are its target."""

    mode: str
    content: bytes


Tree = dict[str, File]
"""The files of a commit by their paths."""

Ids = dict[str, tuple[str, str]]
"""The mode and the id of each file of a commit, by its path."""


class GitFailed(Exception):
    """Git ended with an error, and said why."""


class Repository:
    """Git in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str, given: bytes | None = None) -> str:
        """Run git in the folder, and return what it prints. Raises GitFailed."""
        return self._output(*arguments, given=given).decode().strip()

    def tree(self, commit: str) -> Tree:
        """Return all files of a commit or tree."""
        files = self.ids(commit)
        contents = self.contents(id for _, id in files.values())
        return {
            path: File(mode, content)
            for (path, (mode, _)), content in zip(files.items(), contents, strict=True)
        }

    def ids(self, commit: str, *paths: str) -> Ids:
        """Return the ids of all files of a commit or tree, or of those in some folders."""
        listed = self._output("ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths)
        rows = [line.decode().partition("\t") for line in listed.split(b"\0") if line]
        split = ((path, described.split(" ")) for described, _, path in rows)
        return {path: (mode, id) for path, (mode, _, id) in split}

    def contents(self, names: Iterable[str]) -> Iterator[bytes]:
        """Return the bytes of each object, in order; a name may be `commit:path`."""
        answer = self._output("cat-file", "--batch", given="\n".join([*names, ""]).encode())
        start = 0
        while start < len(answer):
            begin = answer.index(b"\n", start) + 1
            end = begin + int(answer[start:begin].split()[-1])
            yield answer[begin:end]
            start = end + 1

    def says(self, *arguments: str) -> bool:
        """Return whether git answers a question with yes: it ends with 0. Raises GitFailed."""
        return self.ended(*arguments)[0] == 0

    def ended(self, *arguments: str) -> tuple[int, str]:
        """Return how git ended, 0 or 1, and what it printed. Raises GitFailed for other ends."""
        done = self._run(arguments)
        if done.returncode not in {0, 1}:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return done.returncode, done.stdout.decode()

    def _output(self, *arguments: str, given: bytes | None = None) -> bytes:
        done = self._run(arguments, given)
        if done.returncode:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return done.stdout

    def _run(
        self, arguments: Sequence[str], given: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [program(), *arguments],
            cwd=self.folder,
            env=environment(),
            input=given,
            capture_output=True,
            check=False,
        )


def environment() -> dict[str, str]:
    """Return the variables for git: none that names another repository, and English messages."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    return kept | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_EDITOR": "true",  # messages are as the tool gives them
    }


def program() -> str:
    """Return the path of git. Raises Refusal if there is none."""
    if path := shutil.which("git"):
        return path
    raise Refusal(f"git is needed: install git {_text(OLDEST)} or newer")


def require_git(oldest: tuple[int, int] = OLDEST) -> None:
    """Raises Refusal if there is no git, or an older one than is needed."""
    said = Repository(Path.cwd()).git("--version")
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or tuple(map(int, found.groups())) < oldest:
        raise Refusal(f"{said} is too old: install git {_text(oldest)} or newer")


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
