"""Whether a project can go to a branch of an update, and back."""

from typing import Final

from scaffold.base.git import GitFailed, Repository
from scaffold.commands import listed
from scaffold.errors import Refusal
from scaffold.updates.underway import Underway
from scaffold.working_tree import changed

_OF_GIT: Final = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
}


def require_ready(project: Repository, *, with_untracked: bool) -> None:
    """Raise Refusal unless all is committed, on a branch, and nothing is under way."""
    if found := Underway.read(project):
        raise Refusal(
            f"an update is under way on the branch {found.branch}: write --continue after you "
            "resolved its conflicts, or --abort to go back"
        )
    if not project.git("branch", "--show-current"):
        raise Refusal("no branch is checked out: check one out, such as `git switch main`")
    for name, what in _OF_GIT.items():
        if project.says("rev-parse", "--quiet", "--verify", name):
            raise Refusal(f"{what} is under way: end it first, as `git status` says")
    _require_clean(project, with_untracked=with_untracked)
    try:
        project.git("var", "GIT_COMMITTER_IDENT")
    except GitFailed:
        raise Refusal(
            "git does not know who you are; write: git config user.name 'Your name' && "
            "git config user.email you@example.com"
        ) from None


def _require_clean(project: Repository, *, with_untracked: bool) -> None:
    if paths := changed(project.folder, untracked=False):
        raise Refusal(
            "There are changes that are not committed, and --abort would lose them. "
            f"Commit them:\n{listed(paths)}"
        )
    if not with_untracked and (paths := changed(project.folder)):
        raise Refusal(
            "There are files that git does not know, and later you could not tell them from those "
            f"of the update. Commit them, or write --yes:\n{listed(paths)}"
        )
