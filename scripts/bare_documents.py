"""Write scaffold/bare: the generated documents, as they are without the sample, the task module.

A project without it is rendered from a commit, where no code can run that would generate them.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from app.config import documentation
from app.shared.infrastructure.events.outbox import catalogue
from scaffold.base.answers import TASK, Answers
from scaffold.base.git import File, Tree
from scaffold.base.render import rendered
from scaffold.base.versions import Version
from scaffold.working_tree import tree_of

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = "scaffold/bare"
CATALOGUES: Final = ("events.json", "jobs.json")  # they keep what was there, so they are begun anew
MARKS: Final = (documentation.MARK, catalogue.MARK)
WITHOUT_TASKS: Final = Answers(name="Alicerce", slug="alicerce", without=frozenset({TASK}))
UNCOMMITTED: Final = Version("", "", "")


def documents(base: Tree) -> Tree:
    """Return each file that differs when it is generated without the sample.

    If only a part of it is generated, that part is returned.
    """
    without = {path: file for path, file in base.items() if not path.startswith(f"{FOLDER}/")}
    project = rendered(without, WITHOUT_TASKS, UNCOMMITTED)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for path, file in project.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(file.content)
        for name in CATALOGUES:
            (folder / "docs/architecture" / name).unlink()
        command = (sys.executable, "-m", "app", "openapi", "--write")
        subprocess.run(command, cwd=folder, check=True)  # noqa: S603 - our own
        after = {path: (folder / path).read_bytes() for path in project}
    return {
        path: File(file.mode, generated(after[path].decode()).encode())
        for path, file in project.items()
        if after[path] != file.content
    }


def generated(text: str) -> str:
    for mark in MARKS:
        _, found, after = text.partition(mark)
        text = f"{found}{after}" if found else text
    return text


if __name__ == "__main__":
    for path, file in documents(tree_of(ROOT)).items():
        (ROOT / FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / FOLDER / path).write_bytes(file.content)
