"""What an update would bring, from merges in memory: the project stays as it is."""

from dataclasses import dataclass, field

from scaffold.base.git import Repository
from scaffold.base.render import BY
from scaffold.base.versions import Version
from scaffold.plan import Change, Plan
from scaffold.updates.made import MadeProject
from scaffold.updates.merging import merged
from scaffold.updates.notes import notes_of
from scaffold.updates.objects import committed, forget
from scaffold.updates.sides import sides
from scaffold.updates.steps import steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    """A newer version, and what it would do."""

    version: str
    notes: str
    conflicts: list[str]
    stay_deleted: list[str]
    unclear: list[str]
    """Files that a developer has to change, each with the reason."""


@dataclass(kw_only=True)
class Forecast:
    """All versions to the wanted one, and the files that the project would have."""

    newer: list[Newer] = field(default_factory=list)
    commit: str

    @property
    def conflicts(self) -> list[str]:
        return sorted({path for each in self.newer for path in each.conflicts})


def forecast(base: Repository, made: MadeProject, target: Version) -> Forecast:
    """Merge each version between in memory."""
    project = made.repository
    found = Forecast(commit=project.git("rev-parse", "HEAD"))
    for step in steps(base, made, target):
        between = sides(project, found.commit, step, message="In memory\n", address=None)
        tree, conflicts = merged(project, between)
        found.commit = committed(
            project, project.ids(tree), who=f"{BY} 0 +0000", message="In memory\n"
        )
        notes = notes_of(base, step.version)
        found.newer.append(
            Newer(
                version=step.version.name,
                notes=notes,
                conflicts=conflicts,
                stay_deleted=between.stay_deleted,
                unclear=between.unclear,
            )
        )
    forget(project)
    return found


def plan_of(made: MadeProject, found: Forecast) -> Plan:
    """Return the changes of files, with the marks of conflicts; derived files are left out."""
    project = made.repository
    old, new = project.ids("HEAD"), project.ids(found.commit)
    paths = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    return Plan(
        tuple(
            Change(path, *(_content(project, files.get(path)) for files in (old, new)))
            for path in paths
        )
    )


def _content(project: Repository, file: tuple[str, str] | None) -> bytes | None:
    return None if file is None else next(project.contents([file[1]]))
