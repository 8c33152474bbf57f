"""A backup is restored beside the live database, proven, and gets its name."""

import re
import time
from pathlib import Path
from threading import Event, Thread

from app.shared.infrastructure.backup.metrics import BACKUP_TAKEN, RESTORE_PROVEN
from tests.integration.cli.backup.conftest import Live
from tests.integration.cli.backup.test_refusals import on_postgresql
from tests.integration.cli.conftest import Run, Set
from tests.support.ports import free_port

TASKS = "SELECT count(*), min(title), max(title) FROM task"


def test_a_restored_database_holds_what_was_backed_up(run: Run, live: Live, backup: Path) -> None:
    before = live.sql(TASKS)
    live.sql("DELETE FROM task")
    result = run("restore", str(backup))
    assert (result.code, result.errors) == (0, "")
    assert live.sql(TASKS) == before
    [kept] = live.beside()
    assert live.sql("SELECT count(*) FROM task", kept) == [(0,)]


def test_the_printed_way_back_leads_to_the_old_database(run: Run, live: Live, backup: Path) -> None:
    live.sql("DELETE FROM task")
    live.go_back(run("restore", str(backup)).output)
    assert live.sql("SELECT count(*) FROM task") == [(0,)]
    assert run("restore-check").code == 0


def test_a_backup_can_be_restored_where_there_is_no_database(
    run: Run, live: Live, backup: Path
) -> None:
    before = live.sql(TASKS)
    live.drop()
    assert run("restore", str(backup)).code == 0
    assert live.sql(TASKS) == before
    assert live.beside() == set()


def test_a_check_of_a_backup_leaves_the_live_database_as_it_is(
    run: Run, live: Live, backup: Path
) -> None:
    live.sql("DELETE FROM task")
    result = run("restore-check", str(backup))
    assert result.code == 0
    assert "RPO " in result.output
    assert "RTO " in result.output
    assert live.sql("SELECT count(*) FROM task") == [(0,)]
    assert live.beside() == set()


def test_a_restore_ends_sessions_and_makes_links_invalid(
    run: Run, live: Live, backup: Path
) -> None:
    del backup
    live.sql(
        """INSERT INTO user_session (id, user_id, started_at, expires_at)
        SELECT id, id, created_at, created_at FROM "user" """
    )
    live.sql(
        """INSERT INTO one_time_token (fingerprint, kind, user_id, email, password_version,
        expires_at) SELECT 'f', 'reset', id, email, 1, created_at FROM "user" LIMIT 1"""
    )
    assert run("backup", "with-sessions").code == 0
    assert run("restore", "with-sessions").code == 0
    assert live.sql("SELECT count(*) FROM user_session WHERE revoked_at IS NULL") == [(0,)]
    assert live.sql("SELECT count(*) FROM one_time_token") == [(0,)]


def test_a_restore_tells_what_is_lost_and_what_runs_again(
    run: Run, live: Live, backup: Path
) -> None:
    live.sql(
        """UPDATE event_delivery SET state = 3
        WHERE state = 0 AND id IN (SELECT min(id) FROM event_delivery WHERE state = 0)"""
    )
    assert run("users", "create-admin", "new@example.com").code == 0
    output = run("restore", str(backup)).output
    lost, twice = output.partition("Lost: ")[2].split("Twice: ")
    kinds = [line.split()[:2] for line in lost.splitlines()[1:]]
    assert ["1", "user.registered,"] in kinds
    assert {kind.partition(".")[0] for _, kind in kinds} == {"user"}
    assert twice.splitlines()[1].split()[0] == "1"


def test_a_backup_of_an_older_schema_is_migrated(run: Run, live: Live) -> None:
    assert run("migrate", "--down", "app@base").code == 0
    assert run("backup", "older").code == 0
    assert run("migrate").code == 0
    assert run("restore", "older").code == 0
    assert run("migrate", "--check").code == 0
    assert live.sql("SELECT count(*) FROM task") == [(0,)]
    assert live.sql('SELECT count(*) FROM "user"') != [(0,)]


@on_postgresql
def test_a_broker_that_cannot_be_emptied_is_named_after_the_restore(
    run: Run, live: Live, backup: Path, set_to: Set
) -> None:
    before = live.sql(TASKS)
    live.sql("DELETE FROM task")
    set_to(events="celery", celery_broker_url=f"redis://127.0.0.1:{free_port()}/0")
    result = run("restore", str(backup))
    assert result.code == 1
    assert "The broker could not be emptied" in result.errors
    assert live.sql(TASKS) == before


def test_a_backup_is_of_one_moment_while_others_write(run: Run, live: Live, tmp_path: Path) -> None:
    is_over = Event()

    def write() -> None:
        while not is_over.is_set():
            live.sql("DELETE FROM task WHERE id IN (SELECT id FROM task LIMIT 1)")

    writer = Thread(target=write)
    writer.start()
    codes = [run("backup", str(tmp_path / name)).code for name in ("first", "second")]
    is_over.set()
    writer.join()
    codes += [run("restore-check", str(tmp_path / name)).code for name in ("first", "second")]
    assert codes == [0, 0, 0, 0]
    assert live.sql("SELECT count(*) FROM task") < [(3000,)]


def test_the_monitoring_learns_when_a_backup_was_taken_and_proven(
    run: Run, live: Live, set_to: Set, tmp_path: Path
) -> None:
    del live
    (folder := tmp_path / "metrics").mkdir()
    set_to(metrics_folder=folder)
    assert run("backup", str(tmp_path / "noted.backup")).code == 0
    assert run("restore-check", str(tmp_path / "noted.backup")).code == 0
    values = {
        name: float(value)
        for file in folder.iterdir()
        for name, value in re.findall(
            r'^(\w+)\{service="[\w-]+"\} (\S+)$', file.read_text(), re.MULTILINE
        )
    }
    assert values.keys() == {BACKUP_TAKEN, RESTORE_PROVEN}
    assert time.time() - 60 < values[BACKUP_TAKEN] < values[RESTORE_PROVEN] <= time.time()


def test_a_backup_whose_metrics_cannot_be_written_says_so_and_is_there(
    run: Run, live: Live, set_to: Set, tmp_path: Path
) -> None:
    del live
    set_to(metrics_folder=tmp_path / "nowhere")
    result = run("backup", str(tmp_path / "noted.backup"))
    assert (result.code, "METRICS_FOLDER" in result.errors) == (1, True)
    assert (tmp_path / "noted.backup").is_file()
