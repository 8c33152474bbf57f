"""What a user sees of a job."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class JobStatus(StrEnum):
    """What has become of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    """It runs, and was cancelled."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass
class JobProgress:
    """How far it is; `total` is null if it is unknown."""

    done: int
    total: int | None


@dataclass
class JobView:
    """A job, for the user who enqueued it. `result` is null until it is done."""

    id: UUID
    type: str
    status: JobStatus
    attempts: int
    max_attempts: int
    progress: JobProgress | None
    result: Any
    enqueued_at: dt.datetime
    due_at: dt.datetime | None
    ended_at: dt.datetime | None
