"""The settings of logs, metrics, traces and error reports."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from app.config.database_url import MAX_PORT
from app.config.environment import EnvironmentSettings
from app.config.url_types import SentryDsn, WebUrl


class ObservabilitySettings(EnvironmentSettings):
    """A part of `Settings`."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", examples=["INFO"]
    )
    metrics_token: SecretStr | None = Field(
        default=None, min_length=16, examples=["the output of: openssl rand -hex 16"]
    )
    metrics_port: int | None = Field(default=None, ge=1, le=MAX_PORT, examples=["9000"])
    # Commands end before anybody could ask them, so they leave their metrics in files.
    metrics_folder: Path | None = Field(
        default=None, examples=["/var/lib/prometheus/node-exporter"]
    )
    otel_exporter_otlp_endpoint: WebUrl | None = Field(
        default=None, examples=["http://localhost:4318"]
    )
    otel_traces_sampler: Literal[
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ] = Field("parentbased_traceidratio", examples=["parentbased_traceidratio"])
    otel_traces_sampler_arg: float = Field(0.01, ge=0, le=1, examples=["0.01"])
    # The standard's own variable is in milliseconds, and Python's SDK reads it as seconds.
    trace_export_timeout_seconds: float = Field(2.0, ge=0.1, le=10, examples=["2"])
    sentry_dsn: SentryDsn | None = Field(
        default=None, examples=["https://key@sentry.example.com/1"]
    )
