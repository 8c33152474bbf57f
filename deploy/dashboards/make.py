"""Makes the Grafana dashboards beside this file: `make dashboards`."""

import itertools
from pathlib import Path
from string import ascii_uppercase
from typing import Final

from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import DataSourceRef

FOLDER: Final = Path(__file__).parent
SOURCE: Final = DataSourceRef(type_val="prometheus", uid="$source")
WIDTH: Final = 24
HEIGHT: Final = 8

# Every process reports the same backlog; what a process counts itself is summed up.
OF_USERS: Final = 'job="$job",route!~"/health/.*|/metrics"'
REQUESTS: Final = f"http_request_duration_seconds_count{{{OF_USERS}}}"
ERRORS: Final = f'http_request_duration_seconds_count{{{OF_USERS},status=~"5.."}}'
BUCKETS: Final = f"http_request_duration_seconds_bucket{{{OF_USERS}}}"
RATE: Final = f"sum(rate({REQUESTS}[$__rate_interval]))"
ERROR_RATIO: Final = f"sum(rate({ERRORS}[$__rate_interval])) / {RATE}"
OLDEST: Final = 'max(event_oldest_ready_seconds{job="$job"})'
DEAD: Final = 'sum(max by (handler, queue) (event_backlog{job="$job",state="dead"}))'
SHED: Final = 'requests_shed_total{job="$job"}'
RUNS: Final = 'event_deliveries_total{job="$job"}'
KNOWN: Final = 'max(event_backlog_known{job="$job"})'
BACKUP_AGE: Final = "time() - max(backup_taken_timestamp_seconds)"
PROOF_AGE: Final = "time() - max(restore_proven_timestamp_seconds)"


def quantile(share: float, buckets: str, *labels: str) -> str:
    """Return the expression of a quantile of a histogram, for each value of the labels."""
    by = ", ".join(["le", *labels])
    return f"histogram_quantile({share}, sum by ({by}) (rate({buckets}[$__rate_interval])))"


def line(expression: str, legend: str) -> Dataquery:
    """Return a line of a graph; `{{label}}` in the legend stands for the value of a label."""
    return Dataquery().expr(expression).legend_format(legend)


def each(metric: str, label: str) -> Dataquery:
    """Return lines of a counter's rate: one for each value of a label."""
    rate = f"sum by ({label}) (rate({metric}[$__rate_interval]))"
    return line(rate, f"{{{{{label}}}}}")


def graph(title: str, unit: str, *lines: Dataquery) -> Timeseries:
    """Return a graph over time."""
    panel = Timeseries().title(title).unit(unit).min(0).datasource(SOURCE).height(HEIGHT)
    for letter, query in zip(ascii_uppercase, lines, strict=False):
        panel = panel.with_target(query.ref_id(letter))
    return panel.span(WIDTH // 2)


def figure(title: str, unit: str, expression: str) -> Stat:
    """Return one number: the newest."""
    newest = ReduceDataOptions().calcs(["lastNotNull"])
    panel = Stat().title(title).unit(unit).datasource(SOURCE).height(HEIGHT // 2)
    return (
        panel.reduce_options(newest)
        .with_target(Dataquery().expr(expression).ref_id("A"))
        .span(WIDTH // 6)
    )


def dashboard(title: str, uid: str) -> Dashboard:
    """Return an empty dashboard of a service, which one chooses by its job in Prometheus."""
    job = QueryVariable("job").datasource(SOURCE).query("label_values(event_backlog_known, job)")
    return (
        Dashboard(title)
        .uid(uid)
        .tags(["service"])
        .refresh("30s")
        .time("now-6h", "now")
        .with_variable(DatasourceVariable("source").type("prometheus"))
        .with_variable(job)
    )


def overview() -> Dashboard:
    return (
        dashboard("Overview", "service-overview")
        .with_panel(figure("Requests", "reqps", RATE))
        .with_panel(figure("Errors", "percentunit", ERROR_RATIO))
        .with_panel(figure("p99", "s", quantile(0.99, BUCKETS)))
        .with_panel(figure("Backlog is known", "bool_yes_no", KNOWN))
        .with_panel(figure("Oldest delivery that is due", "s", OLDEST))
        .with_panel(figure("Dead deliveries", "short", DEAD))
        .with_panel(figure("Age of the last backup", "s", BACKUP_AGE))
        .with_panel(figure("Age of the last proven restore", "s", PROOF_AGE))
        .with_panel(graph("Requests by status", "reqps", each(REQUESTS, "status")))
        .with_panel(graph("Deliveries by outcome", "ops", each(RUNS, "outcome")))
    )


def service() -> Dashboard:
    clients = 'http_client_request_duration_seconds_count{job="$job"}'
    circuits = 'max by (host) (http_client_circuit_open{job="$job"})'
    durations = [line(quantile(p / 100, BUCKETS), f"p{p}") for p in (50, 95, 99)]
    of_routes = line(quantile(0.95, BUCKETS, "route"), "{{route}}")
    lag = quantile(0.95, 'event_loop_lag_seconds_bucket{job="$job"}', "instance")
    waiting = 'sum by (instance) (rate(pool_wait_seconds_sum{job="$job"}[$__rate_interval]))'
    in_flight = 'sum by (instance) (requests_in_flight{job="$job"})'
    websockets = line('sum(http_websockets_open{job="$job"})', "open")
    return (
        dashboard("Service", "service-requests")
        .with_row(Row("Requests"))
        .with_panel(graph("Rate by route", "reqps", each(REQUESTS, "route")))
        .with_panel(graph("Errors", "percentunit", line(ERROR_RATIO, "share of requests")))
        .with_panel(graph("Duration", "s", *durations))
        .with_panel(graph("p95 by route", "s", of_routes))
        .with_panel(graph("WebSockets", "short", websockets))
        .with_row(Row("Load"))
        .with_panel(graph("Refused because of overload", "reqps", each(SHED, "reason")))
        .with_panel(graph("Requests in flight", "short", line(in_flight, "{{instance}}")))
        .with_panel(graph("p95 of the loop's lateness", "s", line(lag, "{{instance}}")))
        .with_panel(graph("Waiting for a connection", "short", line(waiting, "{{instance}}")))
        .with_row(Row("Other services"))
        .with_panel(graph("Requests by host", "reqps", each(clients, "host")))
        .with_panel(graph("Requests by outcome", "reqps", each(clients, "outcome")))
        .with_panel(graph("Open circuits", "short", line(circuits, "{{host}}")))
    )


def events() -> Dashboard:
    backlog = 'sum by (state) (max by (handler, queue, state) (event_backlog{job="$job"}))'
    dead = 'max by (handler) (event_backlog{job="$job",state="dead"})'
    oldest = 'max by (handler) (event_oldest_ready_seconds{job="$job"})'
    blocked = 'max by (handler) (event_blocked_streams{job="$job"})'
    attempts = quantile(0.95, 'event_delivery_attempts_bucket{job="$job"}', "handler")
    seconds = quantile(0.95, 'event_handler_seconds_bucket{job="$job"}', "handler")
    claims = quantile(0.95, 'event_claim_seconds_bucket{job="$job"}')
    failures = 'event_housekeeping_failures_total{job="$job"}'
    return (
        dashboard("Events and jobs", "service-events")
        .with_panel(graph("Backlog by state", "short", line(backlog, "{{state}}")))
        .with_panel(graph("Oldest delivery that is due", "s", line(oldest, "{{handler}}")))
        .with_panel(graph("Blocked streams", "short", line(blocked, "{{handler}}")))
        .with_panel(graph("Dead deliveries", "short", line(dead, "{{handler}}")))
        .with_panel(graph("Runs by outcome", "ops", each(RUNS, "outcome")))
        .with_panel(graph("Runs by queue", "ops", each(RUNS, "queue")))
        .with_panel(graph("p95 of attempts", "short", line(attempts, "{{handler}}")))
        .with_panel(graph("p95 of handlers", "s", line(seconds, "{{handler}}")))
        .with_panel(graph("p95 of asking for due deliveries", "s", line(claims, "p95")))
        .with_panel(graph("Failures of housekeeping", "ops", each(failures, "duty")))
    )


def made() -> dict[Path, str]:
    """Return the text of each dashboard, under its file."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    texts: dict[Path, str] = {}
    for make in (overview, service, events):
        board = make().build()
        numbers = itertools.count(1)
        for panel in board.panels or []:
            panel.id_val = next(numbers)
        texts[FOLDER / f"{make.__name__}.json"] = encoder.encode(board) + "\n"
    return texts


if __name__ == "__main__":
    for file, text in made().items():
        file.write_text(text, encoding="utf-8")
