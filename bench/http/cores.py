"""Which core does what: the server has one to itself, load and database share the other."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """Which ones; None lets the system choose."""

    server: frozenset[int] | None
    load: frozenset[int] | None
    two: frozenset[int] | None
    """Of two servers, or workers: the second one has a third core where there is one."""
    label: str


def share_out() -> Cores:
    """Return one core for the server and one for the rest, where the machine has two."""
    if not hasattr(os, "sched_setaffinity"):
        return Cores(None, None, None, "not pinned: this system cannot (no sched_setaffinity)")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        return Cores(None, None, None, "one core: server, load and database share it")
    server, load = cores[:2]
    second = cores[2] if len(cores) > 2 else load  # noqa: PLR2004 - more than the two above
    return Cores(
        frozenset({server}),
        frozenset({load}),
        frozenset({server, second}),
        f"server on core {server}; load, and PostgreSQL if it is ours, on core {load}; "
        f"the second of two servers on core {second}",
    )


def keep_to(cores: frozenset[int] | None) -> None:
    """Run on these from now on: this process, and what it starts."""
    if cores is not None:
        os.sched_setaffinity(0, cores)
