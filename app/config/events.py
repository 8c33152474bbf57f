"""The settings of events, jobs and schedules."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from app.config.environment import EnvironmentSettings
from app.config.url_types import BrokerUrl

DEFAULT_QUEUE, OUTSIDE_QUEUE = "default", "outside"  # of handlers that name none
OUTSIDE_PLACES: Final = 16
MOST_PLACES: Final = 1_000
_QUEUE: Final = re.compile(r"([a-z][a-z_]{0,29})=([0-9]{1,4})")


def _read_queues(text: Any) -> Any:
    """Read `outside=32,reports=2`. Raises ValueError."""
    if not isinstance(text, str):
        return text
    queues: dict[str, int] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        found = _QUEUE.fullmatch(part)
        if found is None or not 0 < int(found[2]) <= MOST_PLACES:
            message = f"must be names with 1 to {MOST_PLACES} places, like outside=32,reports=2"
            raise ValueError(message)
        if found[1] == DEFAULT_QUEUE or found[1] in queues:
            message = f"{found[1]} stands twice; the places of default are EVENT_CONCURRENCY"
            raise ValueError(message)
        queues[found[1]] = int(found[2])
    return queues


def _read_names(text: Any) -> Any:
    return tuple(filter(None, map(str.strip, text.split(",")))) if isinstance(text, str) else text


Queues = Annotated[Mapping[str, int] | None, NoDecode, BeforeValidator(_read_queues)]
QueueNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_read_names)]


class EventSettings(EnvironmentSettings):
    """A part of `Settings`."""

    events: Literal["embedded", "worker", "celery"] = Field("embedded", examples=["worker"])
    event_concurrency: int = Field(4, ge=1, le=200, examples=["4"])
    # The places of other queues than `default`, and which queues this process runs: all, or these.
    event_queues: Queues = Field(None, examples=["outside=32,reports=2"])
    event_worker_queues: QueueNames = Field((), examples=["default, outside"])
    event_lease_seconds: float = Field(60.0, ge=1, le=3600, examples=["60"])
    # With Celery. A delivery that waits in the broker's queue is not lost. So it has more time than
    # a running one; otherwise it would be sent again while workers are busy.
    celery_broker_url: BrokerUrl | None = Field(default=None, examples=["redis://localhost:6379/0"])
    event_queue_seconds: float = Field(180.0, ge=1, le=86_400, examples=["180"])
    event_in_flight: int = Field(400, ge=1, le=100_000, examples=["400"])
    event_processes: int = Field(2, ge=1, le=200, examples=["2"])
    event_watchdog_seconds: float = Field(60.0, ge=1, le=3600, examples=["60"])
    event_delivery_keep_hours: int = Field(24, ge=1, le=8760, examples=["24"])
    event_log_keep_days: int = Field(90, ge=1, le=3650, examples=["90"])

    @property
    def all_queues(self) -> dict[str, int]:
        """Every queue, and how many deliveries a process runs of it at once."""
        usual = {DEFAULT_QUEUE: self.event_concurrency, OUTSIDE_QUEUE: OUTSIDE_PLACES}
        return usual | dict(self.event_queues or {})

    @property
    def queues(self) -> dict[str, int]:
        """The queues that this process runs."""
        chosen = self.event_worker_queues or self.all_queues
        return {queue: self.all_queues[queue] for queue in chosen}
