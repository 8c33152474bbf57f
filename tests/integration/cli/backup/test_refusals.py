"""A backup that is not whole, or not of this database, is refused; the live one is unchanged."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import asyncpg
import orjson
import pytest

from app.shared.infrastructure.backup.manifest import digest, manifest_of
from tests.integration.cli.backup.conftest import File, Live, OnServer
from tests.integration.cli.conftest import Run, Set
from tests.support.databases import text

on_postgresql = pytest.mark.parametrize("live", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("live", ["sqlite"], indirect=True)


def refused(run: Run, live: Live, backup: Path, *options: str) -> str:
    """Return why a restore fails. It leaves the live database, and nothing beside it."""
    live.sql("UPDATE task SET title = 'live'")
    result = run("restore", str(backup), *options)
    assert result.code == 1, result
    assert live.sql("SELECT DISTINCT title FROM task") == [("live",)]
    assert live.beside() == set()
    return result.errors


def rewrite(backup: Path, **changes: object) -> None:
    """Change the manifest of a backup; it stays the manifest of this file."""
    manifest = orjson.loads(manifest_of(backup).read_bytes())
    manifest |= {"sha256": digest(backup), "size": backup.stat().st_size} | changes
    manifest_of(backup).write_bytes(orjson.dumps(manifest))


def cut_off(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-1000])


def flip_a_byte(backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(content)


def empty(backup: Path) -> None:
    backup.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [(cut_off, "was cut off"), (flip_a_byte, "is damaged"), (empty, "has 0 bytes")],
)
def test_a_damaged_backup_is_refused(
    run: Run, live: Live, backup: Path, damage: Callable[[Path], None], reason: str
) -> None:
    damage(backup)
    assert reason in refused(run, live, backup)
    assert run("restore-check", str(backup)).code == 1


@pytest.mark.parametrize("damage", [cut_off, flip_a_byte, empty])
def test_a_damaged_backup_with_its_own_manifest_is_refused(
    run: Run, live: Live, backup: Path, damage: Callable[[Path], None]
) -> None:
    damage(backup)
    rewrite(backup)
    assert refused(run, live, backup)


def test_a_backup_without_its_manifest_is_refused(run: Run, live: Live, backup: Path) -> None:
    manifest_of(backup).unlink()
    assert "manifest.json is missing" in refused(run, live, backup)


def test_a_file_that_is_no_manifest_is_refused(run: Run, live: Live, backup: Path) -> None:
    manifest_of(backup).write_text("{}")
    assert "is no manifest" in refused(run, live, backup)


def test_the_manifest_of_another_backup_is_refused(
    run: Run, live: Live, backup: Path, tmp_path: Path
) -> None:
    live.sql("DELETE FROM task WHERE priority = 1")
    run("backup", str(tmp_path / "today"))
    manifest_of(backup).rename(manifest_of(tmp_path / "today"))
    assert "of another backup" in refused(run, live, tmp_path / "today")


def test_a_manifest_that_tells_of_more_rows_is_refused(run: Run, live: Live, backup: Path) -> None:
    contents = orjson.loads(manifest_of(backup).read_bytes())["contents"]
    [name] = (name for name in contents["tables"] if name.endswith("refresh_token"))
    contents["tables"][name]["rows"] += 1
    rewrite(backup, contents=contents)
    result = run("restore-check", str(backup))
    assert result.code == 1
    assert f"{name}: TableContents(rows=0" in result.output
    assert "not as it must be" in refused(run, live, backup)


def test_a_backup_of_another_database_is_refused(
    run: Run, live: Live, backup: Path, set_to: Set
) -> None:
    live.sql(
        "UPDATE event_log SET event_id = aggregate_id WHERE seq = (SELECT max(seq) FROM event_log)"
    )
    assert "is of another database" in refused(run, live, backup)


def test_a_backup_of_another_service_is_refused(
    run: Run, live: Live, backup: Path, set_to: Set
) -> None:
    set_to(app_name="Shop")
    assert ", and APP_NAME is Shop." in refused(run, live, backup)


def test_a_backup_of_the_other_kind_is_refused(run: Run, live: Live, backup: Path) -> None:
    kinds = {"sqlite", "postgresql"}
    rewrite(backup, kind=(kinds - {orjson.loads(manifest_of(backup).read_bytes())["kind"]}).pop())
    assert "and DATABASE_URL names" in refused(run, live, backup)


def test_a_backup_of_a_newer_release_is_refused(run: Run, live: Live, backup: Path) -> None:
    contents = orjson.loads(manifest_of(backup).read_bytes())["contents"]
    rewrite(backup, contents=contents | {"revisions": ["app_0999"]})
    assert "app_0999, which this code does not know" in refused(run, live, backup)


@contextmanager
def connected(live: Live) -> Iterator[None]:
    """Keep a connection open that does nothing, as an idle service does."""
    if isinstance(live, File):
        with closing(sqlite3.connect(live.file)) as connection:
            connection.execute("SELECT count(*) FROM task")
            yield
        return
    assert isinstance(live, OnServer)
    address, is_open, is_over = text(live.url), Event(), Event()

    async def connect() -> None:
        connection = await asyncpg.connect(address)
        is_open.set()
        await asyncio.to_thread(is_over.wait)
        connection.terminate()

    thread = Thread(target=asyncio.run, args=[connect()])
    thread.start()
    is_open.wait(20)
    yield
    is_over.set()
    thread.join()


def test_a_database_in_use_is_not_replaced(run: Run, live: Live, backup: Path) -> None:
    live.sql("UPDATE task SET title = 'live'")
    with connected(live):
        result = run("restore", str(backup))
    assert result.code == 1
    assert "in use" in result.errors
    assert live.sql("SELECT DISTINCT title FROM task") == [("live",)]
    assert live.beside() == set()


@on_postgresql
def test_connections_are_ended_if_that_is_asked_for(run: Run, live: Live, backup: Path) -> None:
    live.sql("UPDATE task SET title = 'live'")
    with connected(live):
        assert run("restore", str(backup), "--end-connections").code == 0
    [kept] = live.beside()
    assert live.sql("SELECT DISTINCT title FROM task") != [("live",)]
    assert live.sql("SELECT DISTINCT title FROM task", kept) == [("live",)]


@on_sqlite
def test_connections_to_a_file_cannot_be_ended(run: Run, live: Live, backup: Path) -> None:
    assert "stop the service" in refused(run, live, backup, "--end-connections")


def test_an_empty_database_is_not_backed_up(
    run: Run, set_to: Set, live: Live, tmp_path: Path
) -> None:
    assert run("reset", "--yes").code == 0
    result = run("backup", str(tmp_path / "of nothing"))
    assert result.code == 1
    assert "holds no data of this service, so nothing was written" in result.errors
    assert [path for path in tmp_path.iterdir() if "nothing" in path.name] == []


def test_an_existing_file_is_not_overwritten(run: Run, live: Live, backup: Path) -> None:
    before = digest(backup)
    assert "exists, or its manifest" in run("backup", str(backup)).errors
    assert digest(backup) == before


def test_a_backup_goes_into_an_existing_folder_only(run: Run, live: Live, tmp_path: Path) -> None:
    assert "is no folder" in run("backup", str(tmp_path / "away" / "a.backup")).errors
