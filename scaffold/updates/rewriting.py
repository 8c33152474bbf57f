"""Runs the codemods of a version on the code that the project has of its own."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scaffold.base.git import Ids, Repository
from scaffold.edits import Edit
from scaffold.formatting import Unformatted, formatted
from scaffold.source import Unclear
from scaffold.updates.objects import content_of, stored


@dataclass(slots=True)
class Rewriting:
    """The edits of a version, and what they could not do."""

    project: Repository
    edits: Sequence[Edit]
    unclear: list[str] = field(default_factory=list)
    """Files that a developer has to change, each with the reason."""

    def rewrite(self, files: Ids, unlike: Ids) -> Ids:
        """Return the files; those of Python that differ from others are changed by the edits."""
        if not self.edits:
            return files
        return files | {
            path: (mode, self._changed(path, id))
            for path, (mode, id) in files.items()
            if path.endswith(".py") and unlike.get(path) != (mode, id)
        }

    def _changed(self, path: str, id: str) -> str:
        old = content_of(self.project, id).decode()
        new = old
        try:
            for edit in self.edits:
                new = edit(new)
        except Unclear as error:
            said = f"{path}: {error}"
            self.unclear += [said] if said not in self.unclear else []
            return id
        if new == old:
            return id
        if _as_formatted(self.project.folder, path, old) == old:
            new = _as_formatted(self.project.folder, path, new)
        return stored(self.project, new.encode())


def _as_formatted(root: Path, path: str, text: str) -> str:
    """Return the text as `make format` writes it; as it is where ruff is missing, or fails."""
    ruff = tools_of(root) / "ruff"
    if not ruff.exists():
        return text
    try:
        return formatted(ruff, root, path, text)
    except Unformatted:
        return text


def tools_of(root: Path) -> Path:
    """Return the folder of the project's own Python, if it has one; else of this one."""
    own = root / ".venv/bin"
    return own if (own / "python").exists() else Path(sys.executable).parent
