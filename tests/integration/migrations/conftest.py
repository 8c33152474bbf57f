"""Empty databases."""

import shutil
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from sqlalchemy import make_url

from app.shared.infrastructure.database import migration_rules
from app.shared.infrastructure.database.migration_rules import tables
from app.shared.infrastructure.database.revisions import FOLDERS, heads, revisions
from tests.support.databases import sibling, text


@pytest.fixture
async def empty_postgresql_url(postgresql_url: str) -> AsyncIterator[str]:
    async with made(postgresql_url, "ENCODING 'UTF8'") as address:
        yield address


@asynccontextmanager
async def made(beside: str, options: str) -> AsyncIterator[str]:
    """The URL of an empty database that is created with other options."""
    address = text(sibling(make_url(beside), "empty"))
    name = make_url(address).database
    server = await asyncpg.connect(beside)
    try:
        await server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {options}')
        yield address
        await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A test that uses it runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty_test.db'}"
    url: str = request.getfixturevalue("empty_postgresql_url")
    return url


IMPORTS: Final = """
import sqlalchemy as sa
from alembic import op
from app.shared.infrastructure.database.migrations.operations import create_index_concurrently
"""
THING: Final = """
    op.create_table("thing", sa.Column("id", sa.Integer(), primary_key=True))
"""


class Folders:
    """The migrations of the base in a folder of the test, and a project with one table."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.app = folder / "app"
        self.base = folder / "base"
        shutil.copytree(FOLDERS["base"], self.base, ignore=shutil.ignore_patterns("__pycache__"))
        self.app.mkdir()
        known = tables()
        patch.setattr(migration_rules, "tables", lambda: {**known, "thing": "app"})
        for branch, copy in (("app", self.app), ("base", self.base)):
            patch.setitem(FOLDERS, branch, copy)
        revisions.cache_clear()
        self.base_head = heads()["base"]
        self.next_of_base = f"base_{int(self.base_head[-4:]) + 1:04}"
        self.write("app_0001", after=None, depends_on=self.base_head, upgrade=THING)

    def write(
        self, name: str, *, after: str | None, upgrade: str = "pass", depends_on: str | None = None
    ) -> Path:
        """Write the file of a migration into the folder of its branch."""
        file = FOLDERS[name.partition("_")[0]] / f"{name}_written.py"
        body = textwrap.indent(textwrap.dedent(upgrade).strip(), "    ")
        file.write_text(
            f"{IMPORTS}\nrevision = {name!r}\ndown_revision = {after!r}\n"
            f"depends_on = {depends_on!r}\n\ndef upgrade():\n{body}\n\ndef downgrade():\n    pass\n"
        )
        revisions.cache_clear()
        return file

    def without_app(self) -> None:
        """The project has no migrations yet."""
        shutil.rmtree(self.app)
        revisions.cache_clear()


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    with monkeypatch.context() as patch:
        yield Folders(tmp_path, patch)
    revisions.cache_clear()
