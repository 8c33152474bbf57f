"""What Git knows of the files of a project."""

import os
from pathlib import Path

from scaffold.base.git import File, GitFailed, Repository, Tree, require_git
from scaffold.errors import Refusal

# Of `git status --porcelain=v2`: how many words are before the path.
_WORDS_BEFORE_PATH = {"1": 8, "u": 10, "?": 1}


def require_repository(root: Path) -> None:
    """Raise Refusal unless the folder belongs to a repository, and Git is new enough."""
    require_git()
    try:
        Repository(root).git("rev-parse", "--is-inside-work-tree")
    except GitFailed as error:
        raise Refusal(
            f"{root} is in no Git repository, so a change could not be taken back; write: "
            "git init && git add . && git commit -m 'Begin'"
        ) from error


def changed(root: Path, *, untracked: bool = True) -> list[str]:
    """Return the paths that differ from the last commit, and those that Git does not know."""
    repository = Repository(root)
    untracked_files = f"--untracked-files={'all' if untracked else 'no'}"
    arguments = ("--porcelain=v2", "-z", "--no-renames", untracked_files)
    listed = repository.git("status", *arguments, "--", ".").split("\0")
    paths = [line.split(" ", _WORDS_BEFORE_PATH[line[0]])[-1] for line in listed if line]
    prefix = repository.git("rev-parse", "--show-prefix")
    return [path.removeprefix(prefix) for path in paths]


def files(root: Path) -> list[str]:
    """Return the files that Git knows or would add."""
    arguments = ("-z", "--cached", "--others", "--exclude-standard")
    listed = Repository(root).git("ls-files", *arguments, "--", ".").split("\0")
    return sorted({name for name in listed if name and (root / name).is_file()})


def tree_of(root: Path) -> Tree:
    """Return the files that Git knows or would add, as a commit would have them."""
    return {
        path: File(
            "100755" if os.access(root / path, os.X_OK) else "100644", (root / path).read_bytes()
        )
        for path in files(root)
    }


def is_shared(root: Path, path: str) -> bool:
    """Return whether a branch of a remote repository or a tag has a file in some commit."""
    asked = ("log", "-1", "--format=%h", "--remotes", "--tags", "--", path)
    return bool(Repository(root).git(*asked))
