"""Where a base is, and which version of it is wanted."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scaffold.base.answers import PATH
from scaffold.base.git import GitFailed, Repository
from scaffold.base.versions import Version, version_at, versions
from scaffold.errors import Refusal
from scaffold.working_tree import changed

HERE: Final = Path(__file__).resolve().parents[2]
"""The clone that the tool runs from, or where it is installed."""
BUNDLE: Final = Path(__file__).resolve().parents[1] / "base.bundle"
"""The base's history, if the tool was installed from its wheel."""


def place_of(address: str | None) -> str:
    """Return where the base is: a whole path or an address; by default where the tool is from."""
    place = address or str(BUNDLE if BUNDLE.exists() else HERE)
    return str(Path(place).resolve()) if Path(place).exists() else place


@contextmanager
def base_at(address: str | None) -> Iterator[Repository]:
    """Give the base's repository; a bundle or an address is cloned for the time. Raises Refusal."""
    place = place_of(address)
    if Path(place).is_dir():
        yield _clone(Path(place), is_named=address is not None)
        return
    with tempfile.TemporaryDirectory(prefix="alicerce-") as name:
        base = Repository(Path(name))
        try:
            base.git("clone", "--quiet", "--bare", "--", place, ".")
        except GitFailed as error:
            raise Refusal(f"{place} cannot be read as a base: {error}") from None
        yield base


def _clone(folder: Path, *, is_named: bool) -> Repository:
    """Return the repository of a whole clone of the base. Raises Refusal."""
    clone = Repository(folder)
    if (folder / PATH).exists():
        raise Refusal(
            f"{folder} is a project that was made from a base: name the base,"
            " a clone or its address, with --from"
        )
    try:
        top, shallow = clone.git(
            "rev-parse", "--show-toplevel", "--is-shallow-repository"
        ).splitlines()
    except GitFailed as error:
        wanted = "" if is_named else "; name a clone or an address with --from"
        raise Refusal(f"{folder} is no clone of the base: {error}{wanted}") from None
    if shallow == "true":
        raise Refusal(f"{top} is a shallow clone: run `git fetch --unshallow` in it first")
    return Repository(Path(top))


def chosen(base: Repository, to: str | None) -> Version:
    """Return the version that was asked for, by default what a clone has. Raises Refusal.

    A bundle and an address give their newest version, if they have one.
    """
    released = versions(base, "HEAD")
    if to is not None:
        for each in released:
            if each.name == to.removeprefix("v"):
                return each
        known = ", ".join(each.name for each in released) or "there is none yet"
        raise Refusal(f"there is no version {to}: name one of the base's ({known})")
    if base.git("rev-parse", "--is-bare-repository") == "true":
        return released[-1] if released else version_at(base, "HEAD")
    _require_all_committed(base)
    return version_at(base, "HEAD")


def _require_all_committed(clone: Repository) -> None:
    """Raise Refusal unless a branch has all that is in the folder of the clone."""
    instead = "or name a version with --to"
    if paths := changed(clone.folder):
        several = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        raise Refusal(f"{paths[0]}{several} in {clone.folder}: commit the changes, {instead}")
    if not clone.git("branch", "--show-current"):
        raise Refusal(f"no branch is checked out in {clone.folder}: check one out, {instead}")
