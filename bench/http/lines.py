"""What the tables have, and what is aimed at: two cores, everything of production on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from bench.figures import Line

WORKLOADS: Final = {
    "W1": "GET one task by id",
    "W2": "list 20 tasks, newest first",
    "W3": "POST a task with its event, durable",
    "W4": "GET /health/live",
}
NAMES: Final = {
    "ours": "**ours**",
    "limit": "the limit: bare ASGI + asyncpg",
    "fastapi_asyncpg": "FastAPI + asyncpg",
    "orm": "FastAPI + SQLAlchemy ORM",
    "litestar_asyncpg": "Litestar + asyncpg",
}
OWN_EMPTY_ROUTE: Final = "FastAPI, an empty route"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One series of figures by another, round by round."""

    name: str
    title: str
    above: str
    below: str
    goal: float | None = None
    wanted: Literal["at least", "at most"] = "at least"

    @property
    def line(self) -> Line:
        return Line(
            title=self.title, of=self.name, unit="times", goal=self.goal, wanted=self.wanted
        )


# How many times as many requests as another, in the words of the summary.
_BESIDE: Final = {
    "limit": "of_limit",
    "orm": "x_orm",
    "fastapi_asyncpg": "x_fastapi_asyncpg",
    "litestar_asyncpg": "x_litestar",
}
_GOALS: Final = {
    "W1 of_limit": 0.33,
    "W1 x_orm": 5.0,
    "W2 of_limit": 0.5,
    "W2 x_orm": 5.0,
    "W3 of_limit": 0.4,
    "W3 x_orm": 2.0,
    "W4 of_fastapi": 0.5,
}


def _beside_others() -> Iterator[Ratio]:
    for kind, what in WORKLOADS.items():
        others = {"fastapi_asyncpg": "of_fastapi"} if kind == "W4" else _BESIDE
        for other, ratio in others.items():
            name = f"{kind} {ratio}"
            yield Ratio(
                name=name,
                title=f"{kind} {what}: ours ÷ {OWN_EMPTY_ROUTE if kind == 'W4' else NAMES[other]}",
                above=f"{kind} ours rate",
                below=f"{kind} {other} rate",
                goal=_GOALS.get(name),
            )


BESIDE_OTHERS: Final = tuple(_beside_others())

SCALING: Final = (
    Ratio(
        name="page 10000",
        title="time of page 10,000 ÷ page 1",
        above="page 10000 p50",
        below="page 1 p50",
        goal=1.2,
        wanted="at most",
    ),
    *(
        Ratio(
            name=f"{kind} rows",
            title=f"time of {kind} at 1,000,000 tasks ÷ at 100,000",
            above=f"{kind} of 1000000 p50",
            below=f"{kind} of 100000 p50",
            goal=1.2,
            wanted="at most",
        )
        for kind in ("W1", "W2")
    ),
    *(
        Ratio(
            name=f"{kind} processes",
            title=f"{kind} by 2 processes ÷ by 1",
            above=f"{kind} 2 processes rate",
            below=f"{kind} ours rate",
            goal=1.7 if kind == "W1" else None,
        )
        for kind in ("W1", "W4")
    ),
    Ratio(
        name="W1 processes cpu",
        title="CPU of a request of W1 in 2 processes ÷ in 1",
        above="W1 2 processes cpu",
        below="W1 ours cpu",
    ),
    Ratio(
        name="workers",
        title="deliveries by 2 workers ÷ by 1",
        above="2 workers rate",
        below="1 workers rate",
    ),
)

PLAIN: Final = (
    Line(title="deliveries by 1 worker", of="1 workers rate", unit="/s"),
    Line(title="deliveries by 2 workers", of="2 workers rate", unit="/s"),
    Line(title="start to first answer", of="start seconds", unit="s", goal=1.5, wanted="at most"),
    Line(
        title="memory of an idle API process",
        of="start memory",
        unit="MB",
        goal=120,
        wanted="at most",
    ),
)
