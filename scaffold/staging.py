"""Tries a draft on a copy of the project, and makes the plan from what is there afterwards.

The copy has what the service needs to start and what is generated from its code. There the new
code is formatted, the service is put together, and the generated documents are written again.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.journal import remove_empty
from scaffold.plan import Change, Plan
from scaffold.working_tree import files

COPIED: Final = (
    "app/",
    "docs/api/",
    "docs/architecture/events",
    "docs/architecture/jobs",
    "docs/deployment/settings.md",
    "docs/operations/commands.md",
    "docs/operations/metrics.md",
    ".env.example",
    "pyproject.toml",
)
# As `python -m app openapi --write`. Nothing that a start makes is garbage, and to look for some
# takes a tenth of its time.
DERIVE: Final = (
    "-c",
    "import gc, runpy; gc.disable(); runpy.run_module('app', run_name='__main__', alter_sys=True)",
    *("openapi", "--write"),
)
_TOOLS: Final = Path(sys.executable).parent


def planned(draft: Draft, note: str = "") -> Plan:
    """Return all changes, those of generated files too. Raises Refusal if the code does not fit."""
    with TemporaryDirectory(prefix="scaffold-") as folder:
        stage = Path(folder)
        copied = [name for name in files(draft.root) if name.startswith(COPIED)]
        for name in copied:
            _copy(draft.root, stage, name)
        _copy_compiled(draft.root, stage)
        tidy = _tidy(draft.root, stage, draft)
        for path, content in draft.contents.items():
            _put(stage, path, content)
        _format(stage, tidy)
        _derive(stage)
        listed = sorted({*copied, *draft.contents})
        found = (Change(name, _read(draft.root / name), _read(stage / name)) for name in listed)
        return Plan(tuple(each for each in found if each.before != each.after), note)


def _copy(root: Path, stage: Path, name: str) -> None:
    (stage / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(root / name, stage / name)


def _copy_compiled(root: Path, stage: Path) -> None:
    """Copy what Python compiled before, which makes the start faster."""
    for folder in (root / "app").rglob("__pycache__"):
        shutil.copytree(folder, stage / folder.relative_to(root), dirs_exist_ok=True)


def _put(stage: Path, path: str, content: bytes | None) -> None:
    target = stage / path
    if content is None:
        target.unlink(missing_ok=True)
        remove_empty(target.parent, stage)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


# --- Format -------------------------------------------------------------------------------------


def _tidy(root: Path, stage: Path, draft: Draft) -> list[str]:
    """Return the files of Python to format: the new ones, and those that were formatted before.

    A file whose author formats it in another way stays so.
    """
    changed = [name for name, content in draft.contents.items() if content is not None]
    python = [name for name in changed if name.endswith(".py")]
    for name in python:
        if (root / name).is_file():
            _copy(root, stage, name)
    return [name for name in python if not (root / name).is_file() or _is_formatted(stage, name)]


def _is_formatted(stage: Path, name: str) -> bool:
    return not any(
        _ruff(stage, *check, name).returncode for check in (("format", "--check"), _SORT)
    )


_SORT: Final = ("check", "--select", "I")


def _format(stage: Path, names: Iterable[str]) -> None:
    names = list(names)
    for name in names:
        _require_python(name, (stage / name).read_bytes())
    if names:
        for command in ((*_SORT, "--fix"), ("format",)):
            done = _ruff(stage, *command, *names)
            if done.returncode:
                raise Refusal(f"ruff {command[0]} failed: {done.stdout}{done.stderr}".rstrip())


def _require_python(name: str, content: bytes) -> None:
    try:
        ast.parse(content)
    except SyntaxError as error:
        raise Refusal(f"{name} would be no Python: {error}") from error


def _ruff(stage: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(stage, str(_TOOLS / "ruff"), *arguments, "--no-cache", "--quiet")


# --- Derived files ------------------------------------------------------------------------------


def _derive(stage: Path) -> None:
    """Start the service in a process of its own, and write what is generated from its code."""
    done = _run(stage, sys.executable, *DERIVE)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        is_traceback = said[0].startswith("Traceback")
        raise Refusal(
            "The service would not start with this change; nothing was changed:\n"
            + (said[-1] if is_traceback else "\n".join(said))
        )


def _run(stage: Path, *command: str) -> subprocess.CompletedProcess[str]:
    variables = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONSAFEPATH"}}
    try:
        return subprocess.run(
            command, cwd=stage, env=variables, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise Refusal(f"{command[0]} is missing; write: make install") from error
