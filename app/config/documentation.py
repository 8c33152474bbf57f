"""Writes the settings of the modules into `.env.example` and the guide, from the code."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic.fields import FieldInfo

from app.config.module_settings import ModuleSettings
from app.config.secret_files import is_secret

MARK: Final = "# === The settings of the modules: written by `make openapi` ===\n"
PAGE: Final = """# Settings

`make openapi` writes this page: the settings of the service from `.env.example`, and those of the
modules from their code. The first lines of `.env.example` have the rules about `.env`, empty values
and secrets in files.
"""
HEAD: Final = "| variable | default | meaning |\n| --- | --- | --- |\n"
SECTION: Final = re.compile(r"^# --- (.+?) -+$", re.MULTILINE)
SETTING: Final = re.compile(r"^# ([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
FOR_PRODUCTION: Final = "# [production]\n"
WIDTH: Final = 98


def write_settings(kinds: Iterable[type[ModuleSettings]], example: Path, guide: Path) -> None:
    """Write the generated part of `.env.example`, and the guide's page."""
    kinds = [kind for kind in kinds if kind.model_fields]
    by_hand = example.read_text(encoding="utf-8").partition(MARK)[0]
    example.write_text(by_hand + MARK + as_example(kinds), encoding="utf-8")
    guide.write_text(as_page(kinds, by_hand), encoding="utf-8")


def as_example(kinds: Iterable[type[ModuleSettings]]) -> str:
    """Return the settings as lines of `.env.example`: commented out, with their defaults."""
    return "".join(chunk for kind in kinds for chunk in _example_of(kind))


def as_page(kinds: Iterable[type[ModuleSettings]], by_hand: str = "") -> str:
    """Return the settings as a page of tables: first those that `.env.example` has by hand."""
    _, *parts = SECTION.split(by_hand)
    of_service = zip(parts[::2], parts[1::2], strict=True)
    tables = [_section_of(heading, blocks.split("\n\n")) for heading, blocks in of_service]
    return "".join([PAGE, *tables, *(chunk for kind in kinds for chunk in _table_of(kind))])


def _section_of(heading: str, blocks: Iterable[str]) -> str:
    rows = (_row_of(block) for block in blocks if SETTING.search(block))
    return f"\n## {heading}\n\n{HEAD}{''.join(rows)}"


def _row_of(block: str) -> str:
    """Return the row of a comment and the settings below it."""
    settings = SETTING.findall(block)
    names = ", ".join(f"`{name}`" for name, _ in settings)
    defaults = ", ".join(_shown(default) for _, default in settings)
    comment = SETTING.sub("", block).replace(FOR_PRODUCTION, "")
    meaning = " ".join(line.removeprefix("# ") for line in comment.split("\n") if line)
    needed = " **Production needs this setting.**" if FOR_PRODUCTION in block else ""
    return f"| {names} | {defaults} | {meaning}{needed} |\n"


def _shown(default: str) -> str:
    return f"`{default}`" if default else "none"


def _example_of(kind: type[ModuleSettings]) -> Iterator[str]:
    yield f"\n# --- {_heading(kind)} ".ljust(WIDTH - 1, "-") + "\n"
    for name, field in kind.model_fields.items():
        yield "\n" + textwrap.fill(
            _explained(field), WIDTH, initial_indent="# ", subsequent_indent="# "
        )
        yield f"\n# {kind.variable(name)}={_default(field)}\n"


def _table_of(kind: type[ModuleSettings]) -> Iterator[str]:
    yield f"\n## {_heading(kind)}\n\n{HEAD}"
    for name, field in kind.model_fields.items():
        variable, meaning = kind.variable(name), _explained(field)
        if is_secret(field.annotation):
            meaning += f" A secret: may be in the file that `{variable}_FILE` names."
        yield f"| `{variable}` | {_shown(_default(field))} | {meaning} |\n"


def _heading(kind: type[ModuleSettings]) -> str:
    return (kind.__doc__ or kind.__name__).splitlines()[0].rstrip(".")


def _explained(field: FieldInfo) -> str:
    required = "Required." if field.is_required() else ""
    return " ".join(filter(None, (field.description, _range_of(field), required)))


def _range_of(field: FieldInfo) -> str:
    limits: dict[str, Any] = {}
    for rule in field.metadata:
        limits |= {name: value for name in ("ge", "le") if (value := getattr(rule, name, None))}
    return "From {ge} to {le}.".format(**limits) if limits.keys() >= {"ge", "le"} else ""


def _default(field: FieldInfo) -> str:
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if default is None:
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)
