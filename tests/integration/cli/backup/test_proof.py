"""`restore-check` sees whatever is wrong with a restored database."""

import pytest

from app.shared.infrastructure.database.migrate import VERSION_TABLE
from tests.integration.cli.backup.conftest import Live
from tests.integration.cli.backup.test_refusals import on_postgresql
from tests.integration.cli.conftest import Run


def doubts(run: Run) -> str:
    """Return what a check of the live database doubts."""
    result = run("restore-check")
    assert result.code == 1, result
    lines = result.output.splitlines()
    return "\n".join(line for line in lines if not line.startswith("      ok"))


def test_a_database_with_data_of_the_service_is_not_doubted(run: Run, live: Live) -> None:
    result = run("restore-check")
    assert (result.code, result.errors) == (0, "")
    assert "doubt" not in result.output


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM event_log", "deliveries have no event"),
        (f"DELETE FROM {VERSION_TABLE}", "there is none: the database is empty"),  # noqa: S608 - our own
        (f"UPDATE {VERSION_TABLE} SET version_num = 'app_0999'", "a newer release made them"),  # noqa: S608 - our own
        (f"UPDATE {VERSION_TABLE} SET version_num = 'base_0001'", "is older than this code"),  # noqa: S608 - our own
        ("UPDATE task SET version = 0", "rows are older than their events"),
        (
            "UPDATE event_log SET ordinal = 1000 - ordinal",
            "were written before an earlier one of their aggregate",
        ),
        (
            "UPDATE event_delivery SET state = 8 WHERE state = 0",
            "are held, and no dead one is before them",
        ),
        ("DROP TABLE job_batch", "job_batch is missing"),
        ("DROP INDEX ix_event_log_recorded_at_seq", "event_log lacks ix_event_log_recorded_at_seq"),
        ("ALTER TABLE task DROP COLUMN completed_at", "task.completed_at is missing"),
    ],
)
def test_what_is_wrong_is_doubted(run: Run, live: Live, statement: str, reason: str) -> None:
    live.sql(statement)
    assert reason in doubts(run)


@on_postgresql
def test_doubled_rows_and_lost_keys_are_doubted(run: Run, live: Live) -> None:
    """A restore with `pg_restore --clean` into a database with a newer view leaves this."""
    live.sql("ALTER TABLE task DROP CONSTRAINT pk_task CASCADE")
    live.sql("INSERT INTO task SELECT * FROM task")
    found = doubts(run)
    assert "task has no primary key" in found
    assert "task: 3000 values of id are there more than once" in found


@on_postgresql
def test_a_row_that_refers_to_nothing_is_doubted(run: Run, live: Live) -> None:
    live.sql("ALTER TABLE api_key DROP CONSTRAINT fk_api_key_user_id")
    live.sql(
        """INSERT INTO api_key
            (id, user_id, name, prefix, fingerprint, scopes, created_at, expires_at)
        SELECT id, gen_random_uuid(), 'a', 'b', 'c', '[]', now(), now() FROM "user" LIMIT 1"""
    )
    found = doubts(run)
    assert "api_key lacks fk_api_key_user_id" in found
    assert "api_key: 1 rows refer to rows of user that are gone" in found


@on_postgresql
def test_an_id_that_would_be_given_again_is_doubted(run: Run, live: Live) -> None:
    live.sql("ALTER TABLE event_log ALTER seq RESTART WITH 1")
    assert "event_log: the next id is 1" in doubts(run)
