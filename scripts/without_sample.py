"""Copy the project without its sample, the task module: python scripts/without_sample.py FOLDER.

The copy has no task in code, tests, settings or documents. What Git ignores is not copied.
"""

import argparse
import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

# `bench/http` measures requests of tasks; the events have a benchmark of their own.
SAMPLE: Final = (
    "app/modules/task",
    "app/migrations/app_*_tasks.py",
    "tests/*/task",
    "tests/integration/sample",
    "docs/modules/task.md",
    "scripts/without_sample.py",
    "bench/http",
    "tests/unit/bench/test_requests.py",
    "docs/architecture/performance*",
    "requirements-bench.txt",
)
CONTAINER: Final = "app/container.py"
CATALOGUE: Final = "docs/architecture/events.json"  # keeps former events, so it is written anew

# A part of a file: `# sample` … `# /sample`, and the same as comments of Markdown.
MARKED: Final = ("Makefile", "pyproject.toml", "*.md", "docs/**/*.md")
PART: Final = re.compile(
    r"^(?P<open># |<!-- )sample(?: -->)?\n.*?^(?P=open)/sample(?: -->)?\n\n?",
    re.MULTILINE | re.DOTALL,
)

CHANGELOG: Final = "# Changelog\n\n## Unreleased\n"


def copy(folder: Path) -> None:
    """Copy all files that Git knows or would add."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def remove_sample(project: Path) -> None:
    """Remove the sample's files, its parts of other files, and what the code says of it there."""
    for path in [found for pattern in SAMPLE for found in project.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()  # Git knows no empty folder
    for path in [found for pattern in MARKED for found in project.glob(pattern)]:
        path.write_text(PART.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    container = project / CONTAINER
    source = container.read_text(encoding="utf-8")
    container.write_text(without(source, "TaskContainer"), encoding="utf-8")
    (project / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (project / CATALOGUE).unlink()
    run(sys.executable, "-m", "app", "openapi", "--write", cwd=project)


def run(*command: str, cwd: Path) -> str:
    """Run a command, and return what it prints. Raises OSError, CalledProcessError."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def without(source: str, name: str) -> str:
    """Return the source without the statements of its module and classes that use a name."""
    lines = source.splitlines(keepends=True)
    for statement in statements(ast.parse(source)):
        if name in (ast.get_source_segment(source, statement) or ""):
            lines[statement.lineno - 1 : statement.end_lineno] = [""] * (
                (statement.end_lineno or 0) - statement.lineno + 1
            )
    return "".join(lines)


def statements(module: ast.Module) -> Iterator[ast.stmt]:
    for statement in module.body:
        yield from statement.body if isinstance(statement, ast.ClassDef) else [statement]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the copy will be")
    folder: Path = parser.parse_args().folder
    if folder.exists():
        sys.exit(f"{folder} is there already: name a folder that does not exist yet")
    try:
        copy(folder)
        remove_sample(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(f"no copy was made: {error}\n{getattr(error, 'stderr', '')}")
