"""Whose the files of a version are; each version has its own list in `scaffold/owners.toml`."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Self

from scaffold.base.git import Tree

PATH: Final = "scaffold/owners.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """A text that the base has once in a file, and what a project without a part has there."""

    without: str
    file: str
    text: str
    project: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """The list of one version."""

    words: dict[str, str]
    """The base's own name, slug and key prefix."""
    project: list[str]
    derived: list[str]
    derived_from: dict[str, str]
    """Files whose end is derived, and the line that it begins with."""
    left_out: dict[str, list[str]]
    overlays: dict[str, str]
    marked: set[str]
    named: list[str]
    instead: list[Instead]

    @classmethod
    def of(cls, tree: Tree) -> Self:
        read: dict[str, Any] = tomllib.loads(tree[PATH].content.decode())
        instead = [Instead(**each) for each in read.pop("instead")]
        return cls(**read, instead=instead)

    def is_left_out(self, path: str, without: Iterable[str]) -> bool:
        return any(matches(path, self.left_out[part]) for part in without)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Return whether a pattern names the file, or a folder that it is in."""
    return any(_compiled(pattern).match(path) for pattern in patterns)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", "[^/]*") + r"(/|$)")
