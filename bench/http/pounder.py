"""The load where there is no wrk: the same, by Python, in a process of its own."""

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from uvicorn.loops.auto import auto_loop_factory

from bench.figures import percentile
from bench.http.traffic import SEPARATOR


@dataclass
class Count:
    """What came of it so far."""

    waits: list[float] = field(default_factory=list)
    refused: int = 0
    lost: int = 0


async def pound(requests: Iterator[bytes], count: Count, *, port: int, until: float) -> None:
    """Send one request after another over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while time.perf_counter() < until:
            began = time.perf_counter()
            writer.write(next(requests))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            count.waits.append((time.perf_counter() - began) * 1_000)
            count.refused += not head.startswith(b"http/1.1 2")
    except (OSError, asyncio.IncompleteReadError):
        count.lost += 1
    finally:
        writer.close()


async def main(requests: Iterator[bytes], port: int, seconds: int, connections: int) -> None:
    count, began = Count(), time.perf_counter()
    pounding = [
        pound(requests, count, port=port, until=began + seconds) for _ in range(connections)
    ]
    await asyncio.gather(*pounding)
    told = {
        "requests": len(count.waits),
        "seconds": time.perf_counter() - began,
        "p50": percentile(count.waits, 50) if count.waits else 0,
        "p99": percentile(count.waits, 99) if count.waits else 0,
        "refused": count.refused,
        "lost": count.lost,
    }
    print(orjson.dumps(told).decode())


if __name__ == "__main__":
    port, seconds, connections = map(int, sys.argv[1:4])
    requests = itertools.cycle(Path(sys.argv[4]).read_bytes().split(SEPARATOR))
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(main(requests, port, seconds, connections))
