"""The versions between the one that a project has and the one that it gets."""

from dataclasses import dataclass

from scaffold.base.address import chosen
from scaffold.base.git import GitFailed, Repository
from scaffold.base.render import render
from scaffold.base.versions import Version, version_at, versions
from scaffold.errors import Refusal
from scaffold.updates.made import MadeProject


@dataclass(frozen=True, slots=True)
class Step:
    """Two versions of the base that follow each other, as commits of the project."""

    version: Version
    old: str
    new: str


def target_of(base: Repository, made: MadeProject, to: str | None) -> Version:
    """Return the version that the project gets, its own if there is no newer. Raises Refusal."""
    has = version_of(base, made)
    try:
        target = chosen(base, to)
    except (GitFailed, IndexError) as error:
        raise Refusal(f"{base.folder} is no base: {error}; name one with --from") from None
    if target.commit != has.commit and not _follows(base, has, target):
        instead = "there is no way back" if _follows(base, target, has) else "it is on no way there"
        raise Refusal(
            f"{target.name} is older than {has.name}, which the project has, and {instead}: name "
            "a newer one with --to"
        )
    return target


def version_of(base: Repository, made: MadeProject) -> Version:
    """Return the version that the project has. Raises Refusal if the base does not have it."""
    try:
        has = version_at(base, f"{made.commit}^{{commit}}")
    except (GitFailed, IndexError):
        raise Refusal(
            f"the project was made from {made.version} ({made.commit[:8]}), and this base has no "
            "such commit: name the base that the project came from with --from; a clone of it "
            "may need `git fetch`"
        ) from None
    return has


def steps(base: Repository, made: MadeProject, target: Version) -> list[Step]:
    """Return the steps to a version, the oldest first; the project gets their commits."""
    has = version_of(base, made)
    line = [each for each in versions(base, target.commit) if each.commit != target.commit]
    commits = _rendered(base, target, made)
    missing = [
        (version, commit)
        for version, commit in zip([*line, target], commits, strict=True)
        if version.commit != has.commit and _follows(base, has, version)
    ]
    old = base_commit(base, made)
    found = []
    for version, new in missing:
        found.append(Step(version, old, new))
        old = new
    return found


def base_commit(base: Repository, made: MadeProject) -> str:
    """Return the commit of the project's own version, which the project gets if it has none."""
    return _rendered(base, version_of(base, made), made)[-1]


def _rendered(base: Repository, version: Version, made: MadeProject) -> list[str]:
    commit = render(base, version, made.answers, made.repository)
    return made.repository.git("rev-list", "--reverse", commit).splitlines()


def _follows(base: Repository, one: Version, other: Version) -> bool:
    return base.says("merge-base", "--is-ancestor", one.commit, other.commit)
