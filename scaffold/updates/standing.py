"""How a project stands to its base: what it changed, what is newer, and what would conflict."""

from dataclasses import asdict, dataclass

from scaffold.base.git import Repository
from scaffold.base.versions import Version
from scaffold.updates.forecast import Newer, forecast
from scaffold.updates.made import MadeProject
from scaffold.updates.sides import edited
from scaffold.updates.steps import base_commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What `status` says."""

    version: str
    commit: str
    edited: list[str]
    removed: list[str]
    newer: list[Newer]

    def as_data(self) -> dict[str, object]:
        return asdict(self)

    def as_text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        lines = [f"This project has the base {self.version}, commit {self.commit[:8]}."]
        for what, paths in (("changed", self.edited), ("removed", self.removed)):
            if paths:
                lines += ["", f"Files of the base that you {what}:", *(f"  {x}" for x in paths)]
        if not self.newer:
            return [*lines, "", "There is no newer version."]
        for each in self.newer:
            lines += ["", f"{each.version} is newer:", ""]
            lines += [f"  {line}".rstrip() for line in each.notes.splitlines()]
            lines += ["", *_conflicts(each)]
        return lines


def standing(base: Repository, made: MadeProject, target: Version) -> Standing:
    """Compare what is committed with the project's version, and merge newer ones in memory."""
    project = made.repository
    changed, removed = edited(project, "HEAD", base_commit(base, made))
    newer = forecast(base, made, target).newer
    return Standing(
        version=made.version, commit=made.commit, edited=changed, removed=removed, newer=newer
    )


def _conflicts(newer: Newer) -> list[str]:
    if not newer.conflicts:
        return ["An update to it has no conflicts."]
    return ["An update to it has conflicts in:", *(f"  {path}" for path in newer.conflicts)]
