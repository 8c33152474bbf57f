"""From when to when a process traces its work."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter

from app.core import tracing
from app.core.resources import Resource

if TYPE_CHECKING:
    from app.shared.infrastructure.tracing.export import Export

LOST: Final = Counter("trace_spans_lost", "Spans that were not sent.", ["reason"])
"""It is here so that the list of all metrics needs no SDK."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingOptions:
    """Where spans are sent, and which."""

    endpoint: str
    """The collector's address for OTLP over http, without `/v1/traces`."""
    sampler: str
    """A name of OTEL_TRACES_SAMPLER."""
    ratio: float
    timeout: float
    """In seconds, for one attempt to send."""
    service: str
    version: str
    environment: str


class Tracing(Resource):
    """Traces the process's work, if there is a collector."""

    def __init__(self, options: TracingOptions | None) -> None:
        self._options = options
        self._export: Export | None = None

    def start(self) -> None:
        """Start it, once. It has a thread, so a process that forks starts it in its children."""
        if self._options is None or self._export is not None:
            return
        from app.shared.infrastructure.tracing.export import Export  # noqa: PLC0415 - an extra

        self._export = Export(self._options)
        tracing.start(self._export.tracers)

    async def open(self) -> None:
        self.start()

    async def close(self) -> None:
        if self._export is not None:
            tracing.stop()
            export, self._export = self._export, None
            await export.close()
