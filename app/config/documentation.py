"""Writes the settings of the modules into `.env.example` and the guide, from the code."""

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic.fields import FieldInfo

from app.config.module_settings import ModuleSettings
from app.config.secret_files import is_secret

MARK: Final = "# === The settings of the modules: written by `make openapi` ===\n"
PAGE: Final = """# Settings of the modules

Written by `make openapi`. The settings of the service itself are explained in `.env.example`; what
is said there of `.env`, empty values and secrets in files holds for these too.
"""
WIDTH: Final = 98


def write_settings(kinds: Iterable[type[ModuleSettings]], example: Path, guide: Path) -> None:
    """Write the generated part of `.env.example`, and the guide's page."""
    kinds = [kind for kind in kinds if kind.model_fields]
    by_hand = example.read_text(encoding="utf-8").partition(MARK)[0]
    example.write_text(by_hand + MARK + as_example(kinds), encoding="utf-8")
    guide.write_text(as_page(kinds), encoding="utf-8")


def as_example(kinds: Iterable[type[ModuleSettings]]) -> str:
    """Return the settings as lines of `.env.example`: commented out, with their defaults."""
    return "".join(chunk for kind in kinds for chunk in _example_of(kind))


def as_page(kinds: Iterable[type[ModuleSettings]]) -> str:
    """Return the settings as a page of tables."""
    return PAGE + "".join(chunk for kind in kinds for chunk in _table_of(kind))


def _example_of(kind: type[ModuleSettings]) -> Iterator[str]:
    yield f"\n# --- {_heading(kind)} ".ljust(WIDTH - 1, "-") + "\n"
    for name, field in kind.model_fields.items():
        yield "\n" + textwrap.fill(
            _explained(field), WIDTH, initial_indent="# ", subsequent_indent="# "
        )
        yield f"\n# {kind.variable(name)}={_default(field)}\n"


def _table_of(kind: type[ModuleSettings]) -> Iterator[str]:
    yield f"\n## {_heading(kind)}\n\n| variable | default | meaning |\n| --- | --- | --- |\n"
    for name, field in kind.model_fields.items():
        variable, meaning = kind.variable(name), _explained(field)
        if is_secret(field.annotation):
            meaning += f" A secret: may be in the file that `{variable}_FILE` names."
        default = _default(field)
        yield f"| `{variable}` | {f'`{default}`' if default else 'none'} | {meaning} |\n"


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
