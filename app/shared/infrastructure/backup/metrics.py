"""Metrics of backups: files that node_exporter reads, because these commands end at once."""

import datetime as dt
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

BACKUP_TAKEN: Final = "backup_taken_timestamp_seconds"
RESTORE_PROVEN: Final = "restore_proven_timestamp_seconds"
MOMENTS: Final = {
    BACKUP_TAKEN: "When the last backup was taken.",
    RESTORE_PROVEN: "When a backup was last proven to be restorable.",
}


def note_moment(folder: Path, metric: str, moment: dt.datetime, *, service: str) -> None:
    """Write when it happened into a file of its own. Raises OSError."""
    registry = CollectorRegistry()
    moment_gauge(metric, registry).labels(service).set(moment.timestamp())
    name = f"{metric.removesuffix('_timestamp_seconds')}_{service}.prom"
    write_to_textfile(str(folder / name), registry)


def moment_gauge(metric: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(metric, MOMENTS[metric], ["service"], registry=registry)
