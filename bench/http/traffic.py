"""What is sent: each workload a list of requests, as they go over the wire."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson

from bench.http.data import Caller, Data

HOST: Final = "api.example.com"
TASKS: Final = "/api/v1/tasks"
HEALTH: Final = "/health/live"
EMPTY: Final = "/empty"
SEPARATOR: Final = b"\0"
DIFFERENT: Final = 5_000
DRAFT: Final = orjson.dumps(
    {
        "title": "Lay the foundation",
        "description": "As drawn, and before the frost.",
        "priority": "high",
        "labels": ["garden", "house"],
    }
)


def get(path: str, caller: Caller | None = None) -> bytes:
    return b"\r\n".join([*_head("GET", path, caller), b"", b""])


def post(path: str, caller: Caller, body: bytes) -> bytes:
    described = [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*_head("POST", path, caller), *described, b"", body])


def reads(tasks: Sequence[tuple[Caller, UUID]]) -> list[bytes]:
    return [get(f"{TASKS}/{task_id}", caller) for caller, task_id in tasks]


def lists(callers: Sequence[Caller]) -> list[bytes]:
    return [get(TASKS, caller) for caller in callers]


def creations(callers: Sequence[Caller]) -> list[bytes]:
    return [post(TASKS, caller, DRAFT) for caller in callers]


def workloads(data: Data) -> dict[str, list[bytes]]:
    """Return the requests of each workload that all contestants know."""
    return {
        "W1": reads(data.tasks[:DIFFERENT]),
        "W2": lists(data.callers),
        "W3": creations(data.callers),
    }


def written(requests: Sequence[bytes], path: Path) -> Path:
    """Write them to a file for the load generator; return it."""
    path.write_bytes(SEPARATOR.join(requests))
    return path


def _head(method: str, path: str, caller: Caller | None) -> list[bytes]:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    if caller is not None:
        lines.append(f"Authorization: Bearer {caller.token}")
    return [line.encode() for line in lines]
