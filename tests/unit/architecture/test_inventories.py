"""The inventories of security.md and of the modules list exactly what the code has."""

import re
from collections import Counter
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from sqlalchemy import JSON, String

from app.config.environment import EnvironmentSettings
from app.config.secret_files import is_secret
from app.config.settings import Settings
from app.container import ApplicationContainer
from app.shared.composition import settings_of
from app.shared.infrastructure.database.models import metadata
from tests.support.manifest import manifests

LEVELS = {"credential", "personal", "content", "internal"}
ROOT = Path(__file__).resolve().parents[3]
PAGES = (ROOT / "docs/architecture/security.md", *(ROOT / "docs/modules").glob("*.md"))
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def sections(heading: str) -> str:
    """Return the sections of all pages whose heading begins with a word."""
    found = re.findall(rf"^## {heading}\b.*?(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found
    return "\n".join(found)


DATA, KEYS, LOGS = sections("Data"), sections("Keys"), sections("Logs")


def rows(section: str) -> list[str]:
    return [line for line in section.splitlines() if line.startswith("| ")]


def names(pattern: str, text: str) -> Counter[str]:
    return Counter(re.findall(rf"`({pattern})`", text))


def test_every_column_that_holds_text_has_one_protection_level() -> None:
    for module in iter_modules(import_module("app.modules").__path__):
        import_module(f"app.modules.{module.name}.infrastructure.tables")
    columns = [column for table in metadata.tables.values() for column in table.columns]
    listed = names(r"[a-z_]+\.[a-z_]+", "\n".join(rows(DATA)))
    for manifest in manifests().values():
        assert manifest.columns.keys() <= LEVELS
        for names_of_columns in manifest.columns.values():
            listed.update(names_of_columns)
    texts = {
        f"{column.table.name}.{column.name}"
        for column in columns
        if isinstance(getattr(column.type, "item", column.type), String | JSON)
    }
    assert texts - listed.keys() == set()
    assert listed.keys() - {f"{column.table.name}.{column.name}" for column in columns} == set()
    assert {name for name, times in listed.items() if times > 1} == set()


def test_every_secret_of_the_settings_is_in_the_inventory() -> None:
    kinds: list[type[EnvironmentSettings]] = [Settings, *settings_of(ApplicationContainer)]
    fields = {
        variable: kind.model_fields[field]
        for kind in kinds
        for variable, field in kind.variables().items()
    }
    secrets = {name for name, field in fields.items() if is_secret(field.annotation)}
    first_cells = " ".join(row.split("|")[1] for row in rows(KEYS))
    assert names(r"[A-Z_]+", first_cells).keys() & fields.keys() == secrets


def test_every_logger_is_in_the_inventory() -> None:
    code = (path.read_text(encoding="utf-8") for path in (ROOT / "app").rglob("*.py"))
    loggers = {name for text in code for name in re.findall(r'get_logger\("([\w.]+)"', text)}
    assert loggers - names(r"[\w.]+", LOGS).keys() == set()
