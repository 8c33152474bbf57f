"""A project to update, and what a test asks of it."""

from dataclasses import dataclass

from scaffold.base.git import Repository
from tests.scaffold.small_project import SmallProject


@dataclass(kw_only=True)
class OlderProject(SmallProject):
    """A project and the base that it was made from."""

    base: Repository

    def updates(self, *more: str) -> None:
        """Update it from the base, without a conflict."""
        assert self.update(*more) == 0, (self.out, self.err)

    def stops(self, *more: str) -> str:
        """Update it from the base until there are conflicts; return what is said of them."""
        assert self.update(*more) == 1, (self.out, self.err)
        return self.out

    def update(self, *more: str) -> int:
        return self.run("update", "--from", str(self.base.folder), *more)

    @property
    def repository(self) -> Repository:
        return Repository(self.root)

    @property
    def branch(self) -> str:
        return self.git("branch", "--show-current").strip()
