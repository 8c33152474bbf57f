"""A base with three versions, in which one of each kind of change was made."""

from pathlib import Path
from typing import Final

from scaffold.base.git import Repository
from tests.scaffold.conftest import clone_of
from tests.scaffold.test_new import release

LINES: Final = tuple(f"Line {number} of the base.\n" for number in range(1, 13))
CHANGED, RENAMED, REMOVED = (f"docs/guide/{name}.md" for name in ("changed", "renamed", "removed"))
MOVED, ADDED = "docs/guide/moved.md", "docs/guide/added.md"
OLD_FOLDER, NEW_FOLDER = "docs/old", "docs/new"
OWN: Final = (
    *("LICENSE", "app/container.py", "app/migrations/app_0001_tasks.py"),
    *("app/modules/task/container.py", "docs/modules/task.md", "tests/unit/task/__init__.py"),
)
"""Files that are the project's own in a project."""
TO_BE_REMOVED: Final = "".join(f"A rule, number {number}.\n" for number in range(1, 9))
NOTES: Final = "### Changed\n\n#### For developers\n\n- **Line 3** says something else."


def lines(**changed: str) -> str:
    """Return the lines, some of them changed: `lines(_3="Other")`."""
    texts = {int(number[1:]) - 1: f"{text}\n" for number, text in changed.items()}
    return "".join(texts.get(number, line) for number, line in enumerate(LINES))


def three_versions(base: Repository, folder: Path) -> Repository:
    """Make a clone of the base with the versions 7.1.0, 7.2.0 and 7.3.0."""
    clone = clone_of(base.folder, folder)
    _write(clone, CHANGED, lines())
    _write(clone, RENAMED, lines(_1="To be renamed."))
    _write(clone, REMOVED, TO_BE_REMOVED)
    for name in ("one", "two"):
        _write(clone, f"{OLD_FOLDER}/{name}.md", lines(_1=f"The page {name}."))
    _release(clone, "7.1.0", "- **Guides** are there.")
    clone.git("mv", OLD_FOLDER, NEW_FOLDER)
    _write(clone, CHANGED, lines(_3="Changed in 7.2.0."))
    clone.git("mv", RENAMED, MOVED)
    _write(clone, MOVED, lines(_1="To be renamed.", _3="Changed in 7.2.0."))
    (clone.folder / REMOVED).unlink()
    for own in ("scaffold/project/README.md", *OWN):
        _write(clone, own, (clone.folder / own).read_text("utf-8") + "# Of 7.2.0\n")
    _release(clone, "7.2.0", NOTES)
    _write(clone, CHANGED, lines(_3="Changed in 7.2.0.", _9="Changed in 7.3.0."))
    _write(clone, ADDED, "Added in 7.3.0.\n")
    _release(clone, "7.3.0", "- **Line 9** says something else, too.")
    return clone


def _write(clone: Repository, path: str, text: str) -> None:
    (clone.folder / path).parent.mkdir(parents=True, exist_ok=True)
    (clone.folder / path).write_text(text, "utf-8")


def _release(clone: Repository, version: str, notes: str) -> None:
    file = clone.folder / "CHANGELOG.md"
    before, heading, after = file.read_text("utf-8").partition("## [0.1.0]")
    file.write_text(f"{before}## [{version}] - 2027-01-01\n\n{notes}\n\n{heading}{after}", "utf-8")
    release(clone, version)
