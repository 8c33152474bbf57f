"""Formats one text of Python as ruff does, with the settings of the project."""

import subprocess
from collections.abc import Sequence
from pathlib import Path


class Unformatted(Exception):
    """ruff could not read the text; the message is what it said."""


def formatted(
    ruff: Path,
    root: Path,
    path: str,
    text: str,
    *,
    imports: Sequence[str] = (),
    form: Sequence[str] = (),
) -> str:
    """Return the text with sorted imports, formatted. Raises Unformatted.

    `path` says whose settings in the project's root hold. The options are added to ruff's for
    imports, and to those for its format.
    """
    for command in (("check", "--fix-only", "--select", "I", *imports), ("format", *form)):
        done = subprocess.run(
            [ruff, *command, "--no-cache", "--quiet", "--stdin-filename", path, "-"],
            cwd=root,
            input=text.encode(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise Unformatted(done.stderr.decode(errors="replace").strip())
        text = done.stdout.decode()
    return text
