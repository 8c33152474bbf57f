"""The settings of limits and quotas of one account or one client."""

from pydantic import Field

from app.config.environment import EnvironmentSettings


class LimitSettings(EnvironmentSettings):
    """A part of `Settings`."""

    rate_limits: bool = Field(default=True, examples=["true"])
    rate_limit_per_minute: int = Field(600, ge=0, le=1_000_000, examples=["600"])
    connections_per_client: int = Field(256, ge=10, le=100_000, examples=["256"])
    emails_per_recipient: int = Field(40, ge=4, le=10_000, examples=["40"])
    emails_per_user: int = Field(100, ge=1, le=100_000, examples=["100"])
    idempotency_keep_hours: int = Field(24, ge=24, le=720, examples=["24"])
    quota_idempotency_bytes: int = Field(
        100_000_000, ge=1_000_000, le=10**12, examples=["100000000"]
    )
