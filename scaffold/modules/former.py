"""The files of a module as an earlier recipe wrote them: by the tool in the project's history.

A project has the tool in its own repository, and so each version of it that was ever used. One of
them writes exactly the files whose hashes are kept.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from scaffold.base.git import GitFailed, Repository
from scaffold.errors import Refusal
from scaffold.modules.evolve import is_of, without_migrations
from scaffold.modules.kept import Kept, path_of

_TOOL: Final = "scaffold"
# All versions since 0.1.0 have these names.
_RENDER: Final = """
import json, pathlib, sys
from scaffold.modules.kept import kept_of
from scaffold.modules.render import rendered

kept = kept_of(pathlib.Path(sys.argv[1]), sys.argv[2])
files = rendered(kept.spec(), kept.project())
print(json.dumps({str(path): text for path, text in files.items()}))
"""


def former_files(root: Path, kept: Kept) -> dict[str, str]:
    """Return all files that the module was made with. Raises Refusal."""
    repository = Repository(root)
    for tree in _tools(repository, path_of(kept.name)):
        with TemporaryDirectory(prefix="scaffold-") as folder:
            files = _rendered_by(repository, tree, Path(folder), kept)
        if is_of(kept, without_migrations(files)):
            return files
    shallow = repository.git("rev-parse", "--is-shallow-repository") == "true"
    raise Refusal(
        f"No version of {_TOOL}/ in the project's history writes the files that {kept.name} was "
        "made with, so they cannot be told from edits. "
        + (
            "The clone is shallow: write `git fetch --unshallow` first"
            if shallow
            else f"Fetch the commits that had it; or take back {path_of(kept.name)}, if it was "
            "edited"
        )
    )


def _tools(repository: Repository, kept: str) -> Iterator[str]:
    """Give the trees of the tool: that with which the module was committed, and all others."""
    seen = set()
    for path in (kept, f"{_TOOL}/modules"):
        for commit in repository.git("log", "--format=%H", "--", path).split():
            try:
                tree = repository.git("rev-parse", f"{commit}:./{_TOOL}")
                if (part := repository.git("rev-parse", f"{tree}:modules")) not in seen:
                    seen.add(part)
                    yield tree
            except GitFailed:  # it was not there yet
                continue


def _rendered_by(repository: Repository, tree: str, folder: Path, kept: Kept) -> dict[str, str]:
    """Return what a version of the tool writes; nothing if it cannot read how it was made."""
    for path, file in repository.tree(tree).items():
        target = folder / _TOOL / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    hidden = {"PYTHONPATH", "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, "-c", _RENDER, repository.folder, kept.name],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in hidden},
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}
