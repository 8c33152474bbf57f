"""The versions of the base: a version is the last commit that set it in `pyproject.toml`.

The first commit of the base is none: it has the version that the file began with.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scaffold.base.git import Repository

FILE: Final = "pyproject.toml"

LINE: Final = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
_RELEASED: Final = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Version:
    """A commit of the base, and the version that it has."""

    name: str
    """For example `0.2.0`; a commit that is no version has a name such as `0.2.0.dev0`."""
    commit: str
    date: str
    """Seconds since 1970 and the time zone, as git writes them."""

    @property
    def is_released(self) -> bool:
        return bool(_RELEASED.fullmatch(self.name))


def version_at(base: Repository, commit: str) -> Version:
    """Return what a commit, a branch or a tag is. Raises GitFailed."""
    id, date = base.git("show", "--no-patch", "--format=%H %cd", "--date=raw", commit).split(" ", 1)
    [name] = _names(base, [id])
    return Version(name, id, date)


def versions(base: Repository, tip: str) -> list[Version]:
    """Return the versions in the history of a commit, the oldest first."""
    changed = base.git("rev-list", "--reverse", tip, "--", FILE).splitlines()
    found: dict[str, str] = {}
    before = ""
    for commit, name in zip(changed, _names(base, changed), strict=True):
        if before not in {"", name} and _RELEASED.fullmatch(name):
            found.pop(name, None)
            found[name] = commit
        before = name
    return [version_at(base, commit) for commit in found.values()]


def _names(base: Repository, commits: Sequence[str]) -> list[str]:
    files = base.contents(f"{commit}:{FILE}" for commit in commits)
    return [LINE.findall(file.decode())[0] for file in files]
