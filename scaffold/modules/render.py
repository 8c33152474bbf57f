"""The files of a module, from the templates of the recipe."""

import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scaffold.errors import Refusal
from scaffold.modules.examples import literal
from scaffold.modules.spec import ModuleSpec, Project
from scaffold.modules.views.module import ModuleView, sentence
from scaffold.modules.views.steps import StepView
from scaffold.modules.views.tests import TestsView

RECIPE: Final = Path(__file__).parent / "recipe"
MIGRATION: Final = Path(__file__).parent / "migration"
_SUFFIX: Final = ".jinja"
_LINE_LENGTH: Final = 100
_DOCSTRING: Final = re.compile(r'^(?P<margin> *)"""(?P<text>.+)"""$', re.MULTILINE)
# Templates import all that a module may need, and write each statement on one line: ruff removes
# what this module does not use, and wraps what is too long.
_RUFF: Final = (
    *("--isolated", "--no-cache", "--quiet"),
    *("--line-length", str(_LINE_LENGTH), "--target-version", "py311"),
    *("--config", 'lint.isort.known-first-party = ["app", "tests"]'),
)
_FORMAT: Final = ("format", *_RUFF, "--config", "format.skip-magic-trailing-comma = true")
_FIX: Final = ("check", "--fix-only", "--select", "F401,I001", *_RUFF)


def rendered(spec: ModuleSpec, project: Project) -> dict[PurePath, str]:
    """Return the text of each file of the module, by its path in the project."""
    view = ModuleView(spec, project)
    return _formatted(dict(_texts(view)))


def rendered_migration(path: str, **values: object) -> str:
    """Return the text of a migration that adds or drops fields."""
    template = _environment(MIGRATION).get_template("fields.py.jinja")
    text = f"{template.render(**values).strip()}\n"
    return _formatted({PurePosixPath(path): text})[PurePosixPath(path)]


def registration(spec: ModuleSpec, project: Project) -> tuple[str, str]:
    """Return the two lines of `app/container.py`: the import, and the module."""
    view, n = ModuleView(spec, project), spec.name
    given = "".join(f", {r.given}={r.one}.{r.attribute}" for r in view.references)
    return (
        f"from app.modules.{n.one}.container import {n.kind}Container",
        f"{n.one} = module({n.kind}Container{given})",
    )


def _texts(view: ModuleView) -> Iterator[tuple[PurePosixPath, str]]:
    n, tests, environment = view.n, TestsView(view), _environment(RECIPE)
    for name in environment.list_templates(extensions=["jinja"]):
        template = environment.get_template(name)
        steps: list[StepView | None] = [*view.steps] if "{step}" in name else [None]
        for step in steps:
            text = template.render(m=view, n=n, t=tests, step=step).strip()
            if text:
                path = name.removesuffix(_SUFFIX).format(
                    name=n.one,
                    names=n.many,
                    a_name=n.a_name,
                    revision=view.revision,
                    step=step.verb if step else "",
                )
                yield PurePosixPath(path), _with_short_docstrings(f"{text}\n")


@cache
def _environment(folder: Path) -> Environment:
    environment = Environment(  # noqa: S701 - it writes Python, not HTML
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "literal": literal,
        "sentence": lambda words: sentence(list(words)),
    }
    return environment


def _with_short_docstrings(text: str) -> str:
    """Wrap the docstrings that names have made too long."""
    return _DOCSTRING.sub(_wrapped, text)


def _wrapped(match: re.Match[str]) -> str:
    if len(match[0]) <= _LINE_LENGTH:
        return match[0]
    margin = match["margin"]
    first, *rest = textwrap.wrap(match["text"], _LINE_LENGTH - len(margin) - 6)
    lines = "".join(f"{margin}{line}\n" for line in rest)
    return f'{margin}"""{first}\n{lines}{margin}"""'


def _formatted(texts: Mapping[PurePath, str]) -> dict[PurePath, str]:
    """Return the files as `ruff format` leaves them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        for arguments in (_FIX, _FORMAT):
            ended = subprocess.run(
                [Path(sys.executable).with_name("ruff"), *arguments, folder],
                capture_output=True,
                text=True,
                check=False,
            )
            if ended.returncode:
                raise Refusal(f"ruff could not format the module: {ended.stderr.strip()}")
        return {path: (folder / path).read_text(encoding="utf-8") for path in texts}
