"""Run in a folder with earlier code: measures what it is asked for, line by line.

It uses only parts that the benchmark had before there were jobs.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from uvicorn.loops.auto import auto_loop_factory

from bench.events import workloads
from bench.events.setting import Setting
from bench.servers import postgres, redis


async def run(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(postgres())
        broker, _ = await stack.enter_async_context(redis())
        setting = Setting(stack, server, broker, folder)
        on_postgres, on_sqlite = await setting.on_postgres(), await setting.on_sqlite()
        distributed = await setting.distributed()
        measurements: dict[str, Callable[[int], Awaitable[list[float]]]] = {
            "embedded pg": lambda count: workloads.delivering_embedded(on_postgres, count=count),
            "embedded sqlite": lambda count: workloads.delivering_embedded(on_sqlite, count=count),
            "celery": lambda count: workloads.delivering(distributed, count=count),
            "notify": lambda count: workloads.waking_embedded(on_postgres, count=count),
        }
        while line := await asyncio.to_thread(sys.stdin.readline):
            count, name = line.rstrip().split(" ", 1)
            print(json.dumps(await measurements[name](int(count))), flush=True)


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))  # its neighbours are of the present code
    with (
        tempfile.TemporaryDirectory(prefix="bench-before-") as name,
        asyncio.Runner(loop_factory=auto_loop_factory()) as runner,
    ):
        runner.run(run(Path(name)))
