"""`python -m app jobs`, as a script would use it."""

from uuid import uuid4

import pytest

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Database
from tests.integration.events.operations.test_commands import Run, run, unchanged_logging
from tests.support.jobs import leave_job

__all__ = ["run", "unchanged_logging"]  # fixtures


@pytest.fixture
async def job_id(open_database: Database, clean_database: None) -> str:
    """A job that waits for a handler which this code does not have."""
    return str(await leave_job(open_database, new_id()))


async def test_jobs_are_listed_and_shown(run: Run, job_id: str) -> None:
    (listed,) = (await run("list", "--json", group="jobs")).json
    assert (listed["event_id"], listed["event_type"], listed["state"]) == (
        job_id,
        "test.wait",
        "ready",
    )
    assert job_id in (await run("list", group="jobs")).output
    assert (await run("list", "--state", "dead", group="jobs")).output == "Nothing found.\n"

    shown = (await run("show", job_id, "--json", group="jobs")).json
    assert (shown["job"]["status"], shown["arguments"], shown["attempts"]) == ("waiting", {}, [])
    assert "status            waiting" in (await run("show", job_id, group="jobs")).output


async def test_a_job_is_cancelled_and_can_not_be_retried_then(run: Run, job_id: str) -> None:
    assert (await run("cancel", job_id, group="jobs")).output == f"Job {job_id} is cancelled.\n"
    again = await run("cancel", job_id, group="jobs")
    assert again.output == f"Job {job_id} is cancelled.\n"
    refused = await run("retry", job_id, group="jobs")
    assert refused.complaint == "The delivery is not dead, not discarded, and has a handler."


@pytest.mark.parametrize("command", ["show", "retry", "cancel"])
async def test_a_job_that_never_was_is_one_clear_line(run: Run, job_id: str, command: str) -> None:
    answer = await run(command, str(uuid4()), group="jobs")
    assert answer.complaint == "There is no such job."
