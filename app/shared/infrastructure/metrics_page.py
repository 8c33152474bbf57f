"""Writes `docs/operations/metrics.md`: every metric that the service counts, from the code."""

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Metric
from prometheus_client.metrics import MetricWrapperBase

from app.shared.infrastructure.backup.metrics import MOMENTS, moment_gauge
from app.shared.infrastructure.events.operations.metrics import backlog_metrics

PAGE: Final = """# Metrics

Written by `make openapi`. [Deployment](../deployment/README.md#metrics) says which process shows
which metric, and how to scrape it. Metrics whose names begin with `process_` or `python_` come with
Prometheus's library. In queries a histogram has three names, which end with `_bucket`, `_sum` and
`_count`.
"""
HEAD: Final = "\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n"


def metrics_page() -> str:
    """Return the page; all code that has metrics is imported."""
    counted = [*_counted(), *map(_row_of_figure, backlog_metrics((), is_known=True))]
    of_backups = (_row(moment_gauge(name, CollectorRegistry())) for name in MOMENTS)
    return "".join(
        [
            f"{PAGE}\n## On `/metrics`\n{HEAD}",
            *sorted(counted),
            "\n## In the folder of `METRICS_FOLDER`\n\n",
            "[Commands](README.md#age-of-backups) write them for node_exporter.\n",
            HEAD,
            *sorted(of_backups),
        ]
    )


def _counted() -> Iterator[str]:
    for collector in list(REGISTRY._collector_to_names):  # noqa: SLF001 - a scrape has no labels
        if isinstance(collector, MetricWrapperBase):
            yield _row(collector)


def _row(collector: MetricWrapperBase) -> str:
    [metric] = collector.describe()
    return _line(metric, collector._labelnames)  # noqa: SLF001 - as above


def _row_of_figure(metric: Metric) -> str:
    return _line(metric, getattr(metric, "_labelnames", ()))


def _line(metric: Metric, labels: Iterable[str]) -> str:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    named = ", ".join(f"`{label}`" for label in labels)
    return f"| `{name}` | {metric.type} | {named} | {metric.documentation} |\n"
