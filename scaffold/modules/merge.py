"""Merges what the recipe changes in a file into what somebody made of the file.

Git's merge is by lines. Where both sides changed the same line, such as an import or a tuple, the
texts are compared again with each name or each element on a line of its own.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from scaffold.base.git import environment, program
from scaffold.errors import Refusal
from scaffold.formatting import Unformatted, formatted

_RUFF: Final = Path(sys.executable).with_name("ruff")
_MARKS: Final = 40  # letters, so that no line of a file is one
_ONE_BY_ONE: Final = ("--config", "lint.isort.force-single-line = true")
_JOINED: Final = (
    *("--config", "format.skip-magic-trailing-comma = true"),
    *("--config", "lint.isort.split-on-trailing-comma = false"),
)


class Layout(NamedTuple):
    """How texts are written to be compared: options for ruff's imports, and for its format."""

    imports: tuple[str, ...]
    format: tuple[str, ...]
    back: tuple[str, ...]
    """Options that give the usual form again."""


_AS_USUAL: Final = Layout((), (), ())
_LAYOUTS: Final = (
    _AS_USUAL,
    Layout(_ONE_BY_ONE, (), _JOINED),
    Layout(_ONE_BY_ONE, ("--line-length", "1"), _JOINED),
)


class Conflict(Exception):
    """Both sides changed the same lines; the message has them as they are, and as they would be."""


def merged(root: Path, path: str, before: str, ours: str, after: str) -> str:
    """Return our text with the changes from `before` to `after`. Raises Conflict.

    If both added lines at one place, both are kept.
    """
    said = None
    for layout in _LAYOUTS:
        try:
            return _merged_in(layout, root, path, (before, ours, after))
        except Conflict as conflict:
            said = said or conflict
    raise said or Conflict


def _merged_in(layout: Layout, root: Path, path: str, texts: tuple[str, str, str]) -> str:
    before, ours, after = texts
    if not path.endswith(".py"):
        return _by_lines(before, ours, after)

    def written(text: str) -> str:
        return _laid_out(root, path, text, layout.imports, layout.format)

    if layout is _AS_USUAL:
        return _by_lines(written(before), ours, written(after))
    if _laid_out(root, path, written(ours), layout.back, layout.back) != ours:
        raise Conflict  # it would change the form of other lines
    result = _by_lines(*map(written, texts))
    return _laid_out(root, path, result, layout.back, layout.back)


def _laid_out(
    root: Path, path: str, text: str, imports: tuple[str, ...], form: tuple[str, ...]
) -> str:
    """Return the text as ruff writes it, with the project's own settings and these options."""
    try:
        return formatted(_RUFF, root, path, text, imports=imports, form=form)
    except Unformatted as error:
        raise Refusal(f"{path} is no Python that ruff can read; mend it: {error}") from error


# --- By lines -----------------------------------------------------------------------------------


def _by_lines(before: str, ours: str, after: str) -> str:
    with tempfile.TemporaryDirectory() as name:
        files = [Path(name) / each for each in ("ours", "before", "after")]
        for file, text in zip(files, (ours, before, after), strict=True):
            file.write_bytes(text.encode())
        done = subprocess.run(
            [program(), "merge-file", "-p", "--diff3", f"--marker-size={_MARKS}", *files],
            env=environment(),
            capture_output=True,
            check=False,
        )
    if done.returncode > 127:  # noqa: PLR2004 - up to here it is the number of conflicts
        raise Refusal(f"git merge-file failed: {done.stderr.decode(errors='replace').strip()}")
    return "".join(_resolved(done.stdout.decode()))


def _resolved(text: str) -> Iterator[str]:
    """Give the merged text. Raises Conflict."""
    part, parts = 0, _no_lines()
    marks = [letter * _MARKS for letter in "<|=>"]
    for line in text.splitlines(keepends=True):
        if not line.startswith(marks[part]):
            parts[part].append(line)
        elif part < len(marks) - 1:
            part += 1
        else:
            yield from parts[0]
            yield from _both(*parts[1:])
            part, parts = 0, _no_lines()
    yield from parts[0]


def _no_lines() -> list[list[str]]:
    return [[], [], [], []]


def _both(ours: list[str], before: list[str], after: list[str]) -> list[str]:
    """Return the lines of both sides, if one of them only added some. Raises Conflict."""
    if not before:
        return ours + after
    for one, other in ((ours, after), (after, ours)):
        if one[: len(before)] == before:
            return other + one[len(before) :]
        if one[-len(before) :] == before:
            return one[: -len(before)] + other
    raise Conflict("\n".join([*_marked("yours", ours), *_marked("would be", after)]))


def _marked(title: str, lines: list[str]) -> Iterator[str]:
    yield f"    {title}:"
    yield from (f"      {line.rstrip()}" for line in lines or ["(nothing)"])
