"""An update that was begun and has not ended: on its own branch, and told of in a file of git's."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from scaffold.base.git import Repository
from scaffold.errors import Refusal

FILE: Final = "alicerce-update.json"


@dataclass(kw_only=True)
class Underway:
    """What has to be known to go on with it, or to go back."""

    project_branch: str
    """Where the project was, and is again after `--abort`."""
    branch: str
    base: str
    """Where the base is."""
    to: str
    """The commit of the base that the project gets."""
    stay_deleted: list[str] = field(default_factory=list)
    to_derive: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)

    @property
    def remembers(self) -> str | None:
        """Where the base is, if the project is to remember it: an address without a password."""
        parts = urlsplit(self.base)
        has_secret = bool(parts.password or (parts.username and parts.scheme.startswith("http")))
        is_address = not Path(self.base).exists() and ":" in self.base
        return self.base if is_address and not has_secret else None

    @classmethod
    def read(cls, project: Repository) -> Self | None:
        file = _file(project)
        return cls(**json.loads(file.read_text("utf-8"))) if file.exists() else None

    @classmethod
    def required(cls, project: Repository, option: str) -> Self:
        """Return the update that is under way. Raises Refusal if there is none."""
        if found := cls.read(project):
            return found
        raise Refusal(f"no update is under way: write `update` without {option} to begin one")

    def write(self, project: Repository) -> None:
        _file(project).write_text(json.dumps(asdict(self)), "utf-8")

    def forget(self, project: Repository) -> None:
        _file(project).unlink()


def _file(project: Repository) -> Path:
    return project.folder / project.git("rev-parse", "--git-path", FILE)
