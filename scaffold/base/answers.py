"""What a team answers when it makes a project: its name, and what is left out."""

import keyword
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from scaffold.errors import Refusal

PATH: Final = ".alicerce/project.toml"
"""Where a project keeps its answers; a folder with this file is a made project."""

BASE: Final = "base"
TASK: Final = "task"

MOST_CHARACTERS: Final = 30  # more than a third of a line of code, and a Linux user has 32
FEWEST_CHARACTERS: Final = 2

# The slug is also the name of a database, its roles and a user of the machine.
TAKEN: Final = Path(__file__).with_name("taken_names.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers; the same ones give the same commit from each version of the base."""

    name: str
    slug: str
    """The name in code and in databases: small letters, digits and `_`."""
    without: frozenset[str] = field(default=frozenset({BASE}))
    """The parts of the base that are left out."""

    @classmethod
    def of(cls, name: str, *, bare: bool) -> Self:
        """Return the answers of a project with a name. Raises Refusal for one that cannot be."""
        return cls(
            name=name, slug=slug_of(name), without=frozenset({BASE, TASK} if bare else {BASE})
        )

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the answers that a project keeps."""
        project = tomllib.loads(text)["project"]
        return cls.of(project["name"], bare=project["bare"])

    @property
    def is_bare(self) -> bool:
        return TASK in self.without

    @property
    def key_prefix(self) -> str:
        """How the project's API keys begin, so that scanners can find a leaked one."""
        return f"{self.slug[:2].replace('_', 'x')}k_"

    def written(self, *, version: str, commit: str) -> str:
        """Return the text that a project keeps, with the version of the base that it is from."""
        return (
            "# What this project was made from. `python -m scaffold update` changes it.\n"
            f'[project]\nname = "{self.name}"\nslug = "{self.slug}"\n'
            f"bare = {str(self.is_bare).lower()}\n\n"
            f'[base]\nversion = "{version}"\ncommit = "{commit}"\n'
        )


def slug_of(name: str) -> str:
    """Return the name in small letters without accents, `_` for the rest. Raises Refusal."""
    if not FEWEST_CHARACTERS <= len(name) <= MOST_CHARACTERS:
        raise Refusal(
            f"the name {name!r} has {len(name)} characters:"
            f" write one of {FEWEST_CHARACTERS} to {MOST_CHARACTERS}"
        )
    if wrong := sorted({each for each in name if not (each.isalnum() or each in " -.")}):
        raise Refusal(
            f"the name {name!r} has {' '.join(wrong)!r}:"
            " write it with letters, digits, spaces, hyphens and dots"
        )
    folded = unicodedata.normalize("NFKD", name).lower()
    plain = "".join(each for each in folded if not unicodedata.combining(each))
    slug = re.sub(r"[ .-]+", "_", plain)
    if not re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", slug):
        raise Refusal(
            f"the name {name!r} gives no name for a database: begin with a letter, end with a"
            " letter or digit, and use letters of the Latin alphabet (accents are removed)"
        )
    if slug in TAKEN.read_text().split() or keyword.iskeyword(slug) or "alicerce" in slug:
        raise Refusal(f"the name {slug!r} is taken: add a word, as in {name + ' service'!r}")
    return slug
