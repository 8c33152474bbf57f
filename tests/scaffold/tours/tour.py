"""Documents that are tours: their commands are run in a shell, and answer as it is printed."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.support.guides import ROOT, Section, blocks_of


@dataclass(frozen=True, slots=True)
class Step:
    """A block of commands, and what the document prints after it."""

    commands: str
    printed: str


def steps(section: Section) -> list[Step]:
    """Return the steps of a section, in order."""
    blocks = [block for block in blocks_of(ROOT / section.page) if block.section == section]
    following = [*((block.language, block.text) for block in blocks[1:]), ("sh", "")]
    return [
        Step(block.text, "…" if language == "sh" else printed)  # else it may be anything
        for block, (language, printed) in zip(blocks, following, strict=True)
        if block.language == "sh"
    ]


def use_libraries_of_this_project(folder: Path) -> None:
    """Let make find what it would install."""
    if not (folder / ".venv").exists():
        (folder / ".venv").symlink_to(ROOT / ".venv")
    for pinned in folder.glob("requirements*.txt"):
        os.utime(pinned, (0, 0))
