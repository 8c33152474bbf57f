"""A step of an update as git's merge: in the working tree, or in memory."""

from typing import Final, NamedTuple

from scaffold.base.git import GitFailed, Repository
from scaffold.base.render import BY
from scaffold.updates.objects import committed
from scaffold.updates.sides import Sides

# A folder of the base that was renamed must not take the project's files in it along.
_OPTIONS: Final = ("-c", "merge.renames=true", "-c", "merge.directoryRenames=false")
_WHY: Final = {
    "DD": "removed on both sides",
    "AU": "only here",
    "UD": "changed here, removed by the base",
    "UA": "only in the base",
    "DU": "removed here, changed by the base",
    "AA": "added on both sides",
    "UU": "changed on both sides",
}


class Conflict(NamedTuple):
    """A file for which git cannot tell what it has to be."""

    path: str
    why: str


def pick(project: Repository, sides: Sides) -> list[Conflict]:
    """Bring a version into the branch; conflicts are left in the files. Raises GitFailed."""
    project.git("merge", "--quiet", "--ff-only", sides.mine)
    try:
        project.git(*_OPTIONS, "cherry-pick", "--allow-empty", sides.after)
    except GitFailed:
        if found := conflicts(project):
            return found
        raise
    return []


def conflicts(project: Repository) -> list[Conflict]:
    """Return the conflicts in the working tree that were not resolved yet."""
    lines = project.git("status", "--porcelain=v2", "-z", "--untracked-files=no").split("\0")
    unmerged = [line.split(" ", 10) for line in lines if line.startswith("u ")]
    return [Conflict(words[-1], _WHY[words[1]]) for words in unmerged]


def is_picking(project: Repository) -> bool:
    """Return whether a version is half way in the branch."""
    return project.says("rev-parse", "--quiet", "--verify", "CHERRY_PICK_HEAD")


def go_on(project: Repository) -> None:
    """Commit the version whose conflicts were resolved."""
    project.git("cherry-pick", "--continue")


def merged(project: Repository, sides: Sides) -> tuple[str, list[str]]:
    """Merge in memory: return a tree, with marks where there are conflicts, and their files."""
    mine = committed(
        project, project.ids(sides.mine), who=f"{BY} 0 +0000", message="Mine", parent=sides.before
    )
    _, said = project.ended(
        *_OPTIONS, "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z",
        mine, sides.after,
    )  # fmt: skip
    tree, *paths = [each for each in said.split("\0") if each]
    return tree, paths
