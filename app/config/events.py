"""The settings of events, jobs and schedules."""

from typing import Literal

from pydantic import Field

from app.config.environment import EnvironmentSettings
from app.config.url_types import BrokerUrl


class EventSettings(EnvironmentSettings):
    """A part of `Settings`."""

    events: Literal["embedded", "worker", "celery"] = Field("embedded", examples=["worker"])
    event_concurrency: int = Field(4, ge=1, le=200, examples=["4"])
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
