"""A made project: what it was made from, as `.alicerce/project.toml` says."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scaffold.base.address import HERE
from scaffold.base.answers import PATH, Answers
from scaffold.base.git import Repository
from scaffold.base.versions import Version
from scaffold.errors import Refusal
from scaffold.working_tree import require_repository


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeProject:
    """A project and the version of the base that it has."""

    repository: Repository
    answers: Answers
    version: str
    commit: str
    address: str | None
    """Where the base is, if the project remembers it."""

    @classmethod
    def found(cls, folder: Path) -> Self:
        """Return the project that a folder is in. Raises Refusal."""
        for root in (folder, *folder.parents):
            if (root / PATH).is_file():
                require_repository(root)
                _require_top(root)
                return cls.read(root, (root / PATH).read_text("utf-8"))
        raise Refusal(
            f"{folder} is in no project that was made from this base: none of its folders has "
            f"{PATH}; go into such a project, or make one with `new`"
        )

    @classmethod
    def read(cls, root: Path, text: str) -> Self:
        """Return what the file says of the project in a folder. Raises Refusal."""
        try:
            answers, said = Answers.read(text), tomllib.loads(text)
            version, commit = said["base"]["version"], said["base"]["commit"]
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise Refusal(
                f"{PATH} cannot be read ({error}): write in it again what it had in the "
                f"last commit that is right, which `git log -p {PATH}` shows"
            ) from None
        address = said.get("update", {}).get("from")
        return cls(
            repository=Repository(root),
            answers=answers,
            version=version,
            commit=commit,
            address=address,
        )

    def runs_this_tool(self) -> bool:
        """Return whether the tool that runs is the project's own copy, as old as the project."""
        return self.repository.folder.resolve() == HERE


def updated(text: str, version: Version, address: str | None) -> str:
    """Return what the project says of itself with a later version, and where that came from."""
    for key, value in (("version", version.name), ("commit", version.commit)):
        text = re.sub(
            rf'(?ms)(^\[base\]\n(?:[^\[]*\n)?{key} = )"[^"\n]*"', rf'\g<1>"{value}"', text, count=1
        )
    if address is None:
        return text
    line = f'from = "{address}"\n'
    if re.search(r"(?m)^\[update\]\n", text):
        return re.sub(r'(?m)(^\[update\]\n)from = "[^"\n]*"\n', rf"\g<1>{line}", text)
    return f"{text.rstrip()}\n\n[update]\n{line}"


def _require_top(root: Path) -> None:
    if inside := Repository(root).git("rev-parse", "--show-prefix"):
        raise Refusal(
            f"the project is in {inside.rstrip('/')} of a repository: an update needs a project "
            "that is a repository of its own"
        )
