"""A small project for the commands: the real modules, and a service that starts at once."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from scaffold.__main__ import main
from tests.support.server import ROOT

ADD: Final = "module add invoice number:str.20:unique due_on:date:filter"
PARTS: Final = (
    "app/container.py",
    "app/migrations",
    "app/modules",
    "app/shared/infrastructure/database/migrations/base",
    "docs/api/openapi.json",
    "docs/architecture/events.json",
    "docs/architecture/jobs.json",
    "pyproject.toml",
    "tests/modules",
    ".gitignore",
)
# It stands for the service: it reads all code, refuses a module without a container, and derives a
# document.
SERVICE: Final = """
import ast, pathlib, sys
for file in sorted(pathlib.Path("app").rglob("*.py")):
    ast.parse(file.read_bytes())
container = pathlib.Path("app/container.py").read_text()
if "Broken" in container:
    sys.exit("app/container.py: Broken is no module; remove it")
names = sorted(p.parent.name for p in pathlib.Path("app/modules").glob("*/container.py"))
pathlib.Path("docs/api/problems.md").write_text("\\n".join(names) + "\\n")
"""


@dataclass
class SmallProject:
    root: Path
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def run(self, command: str, *more: str) -> int:
        """Give a command of the tool in the project; return how it ended."""
        code = 0
        try:
            main([*command.split(), *more])
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        self.out, self.err = self.capture.readouterr()
        return code

    def does(self, command: str, *more: str) -> None:
        assert self.run(command, *more) == 0, self.err

    def refuses(self, command: str, *more: str) -> str:
        """Give a command that is to be refused; return why. Nothing may have changed."""
        before = self.hash()
        assert self.run(command, *more) == 3, (self.out, self.err)
        assert self.hash() == before
        assert self.out == ""
        return self.err

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "--message", "More")

    def git(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new))

    def changed(self) -> list[str]:
        """The paths that differ from the last commit."""
        self.git("add", "-A")
        return self.git("diff", "--cached", "--name-only").splitlines()

    def hash(self) -> str:
        """The hash of all names, modes and contents, but those of Git."""
        found = hashlib.sha256()
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root)
            if name.parts[0] != ".git" and "__pycache__" not in name.parts:
                content = path.read_bytes() if path.is_file() else b""
                found.update(f"{name} {path.stat().st_mode}".encode() + content)
        return found.hexdigest()


def add_invoices(root: Path) -> None:
    """Add the module of invoices, and commit it."""
    subprocess.run(  # noqa: S603 - our own tool
        [sys.executable, "-m", "scaffold", *ADD.split()],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "--message", "Invoices")


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    done = subprocess.run(  # noqa: S603 - our own arguments
        ["git", *names, *arguments],  # noqa: S607 - the developer's own
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def make(folder: Path) -> Path:
    """Make the project and its repository in a folder."""
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("*.pyc"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    (folder / "app/__init__.py").write_text('"""The service."""\n')
    (folder / "app/__main__.py").write_text(SERVICE)
    (folder / "docs/api/problems.md").write_text("task\nuser\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder
