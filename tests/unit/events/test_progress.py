"""Which progress a job may report."""

from typing import Any

import pytest

from app.shared.infrastructure.events.delivery.job_runs import JobRun


@pytest.mark.parametrize(("done", "total"), [(-1, None), (11, 10), (1, -1), (2**63, None)])
async def test_progress_that_makes_no_sense_is_refused(done: int, total: int | None) -> None:
    nowhere: Any = None
    row = {"attempts": 1, "cursor": None}
    run = JobRun(nowhere, None, 1, row, key="", uow=None)
    with pytest.raises(ValueError, match="it takes 0 <= done <= total"):
        await run.progress(done, total)
