"""Only the service's user can read an SQLite file, its folder, and the files beside it."""

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.cli import main
from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.sqlite import SqliteDatabase
from tests.support.events import ADD, an_event
from tests.support.logs import separate_logging


@pytest.fixture(autouse=True)
def generous_mask() -> Iterator[None]:
    """A file without an explicit mode is readable by all users."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The modes of a folder, which is called `.`, and of all in it."""
    found = {".": folder, **{str(path.relative_to(folder)): path for path in folder.rglob("*")}}
    return {name: stat.S_IMODE(path.stat().st_mode) for name, path in found.items()}


async def write(file: Path, folder: Path) -> dict[str, int]:
    """Write something, and return the modes while the file is open."""
    database = SqliteDatabase(make_url(f"sqlite:///{file}"), pool_size=1, timeout=5)
    await database.open()
    async with database.transaction() as connection:
        await connection.execute(ADD, an_event())
        await connection.commit()
    found = modes(folder)
    await database.close()
    return found


async def test_a_migrated_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "any_test.db"
    await asyncio.to_thread(upgrade, f"sqlite:///{file}")
    assert await write(file, file.parent) == {
        ".": 0o700,
        "any_test.db": 0o600,
        "any_test.db-wal": 0o600,
        "any_test.db-shm": 0o600,
    }


async def test_a_file_of_the_service_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "any_test.db"
    database = SqliteDatabase(make_url(f"sqlite:///{file}"), pool_size=1, timeout=5)
    await database.open()
    await database.close()
    assert modes(file.parent) == {".": 0o700, "any_test.db": 0o600}


async def test_an_existing_mode_is_kept(tmp_path: Path) -> None:
    """For example a mode that lets a group read it for a backup."""
    file = tmp_path / "any_test.db"
    await asyncio.to_thread(upgrade, f"sqlite:///{file}")
    file.chmod(0o640)
    assert (await write(file, tmp_path))["any_test.db-wal"] == 0o640


def test_other_users_can_read_nothing_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("APP_ENV", "DATABASE_URL", "JWT_SECRET_KEY", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    for command in (["migrate"], ["users", "create-admin", "admin@example.com"]):
        with separate_logging(), pytest.raises(SystemExit) as ended:
            main(command)
        assert not ended.value.code
    assert {name: oct(mode) for name, mode in modes(tmp_path / "var").items() if mode & 0o077} == {}
