"""What the table has, and what was aimed at: two cores, loopback, fsync on."""

from typing import Final

from bench.figures import Line

LINES: Final = (
    Line(title="the two inserts in a transaction, asyncpg alone", of="floor pg", unit="tx/s"),
    Line(title="the same, sqlite3 alone (`synchronous=FULL`)", of="floor sqlite", unit="tx/s"),
    Line(title="tasks of nothing, Celery alone", of="floor celery", unit="tasks/s"),
    Line(title="publish, PostgreSQL", of="publish pg", unit="tx/s", goal=1_200, floor="floor pg"),
    Line(title="publish, SQLite", of="publish sqlite", unit="tx/s", floor="floor sqlite"),
    Line(
        title="deliver embedded, PostgreSQL",
        of="embedded pg",
        unit="deliveries/s",
        goal=1_000,
        floor="floor pg",
    ),
    Line(
        title="deliver embedded, SQLite",
        of="embedded sqlite",
        unit="deliveries/s",
        goal=1_000,
        floor="floor sqlite",
    ),
    *(
        Line(title=f"{title}, each alone", of=of, unit="deliveries/s")
        for title, of in (
            ("deliver embedded, PostgreSQL", "alone pg"),
            ("deliver embedded, SQLite", "alone sqlite"),
            ("deliver by Celery", "alone celery"),
        )
    ),
    *(
        Line(
            title=f"groups compared with each alone, {title}",
            of=of,
            unit="deliveries/s",
            floor=f"alone {of.split()[-1]}",
        )
        for title, of in (
            ("PostgreSQL", "embedded pg"),
            ("SQLite", "embedded sqlite"),
            ("Celery", "celery"),
        )
    ),
    Line(
        title="deliver by Celery, in chunks",
        of="celery",
        unit="deliveries/s",
        goal=800,
        floor="floor celery",
    ),
    Line(
        title="the relay alone: take and send",
        of="relay",
        unit="rows/s",
        goal=5_000,
        floor="floor celery",
    ),
    *(
        Line(
            title=f"commit to handler, idle, {title}: p{percent}",
            of=of,
            unit="ms",
            percentile=percent,
            goal=goal if percent == 50 else None,  # noqa: PLR2004 - the median is the goal's
            wanted="at most",
        )
        for title, of, goal in (
            ("embedded on PostgreSQL", "notify embedded", 15),
            ("Celery", "notify celery", 30),
        )
        for percent in (50, 99)
    ),
    *(
        Line(
            title=f"take {title}: p{percent}",
            of=of,
            unit="ms",
            percentile=percent,
            goal=20 if percent == 99 else None,  # noqa: PLR2004 - the goal is for nearly all
            wanted="at most",
        )
        for title, of in (
            ("4 of a backlog", "claim 4"),
            ("200 of a backlog", "claim 200"),
            ("4 beside a hot stream", "claim hot"),
        )
        for percent in (50, 99)
    ),
)
