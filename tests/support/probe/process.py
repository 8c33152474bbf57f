"""A process that delivers, publishes or does both, and that a test may kill.

It reads commands as lines from a socket and answers each. It ends when the other end is closed.
"""

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from app.config.settings import load_settings
from app.container import ApplicationContainer
from app.core.logging import configure_logging
from app.shared.composition import opened
from app.shared.infrastructure.events.delivery import engine
from tests.support.probe.failpoints import set_failpoint
from tests.support.probe.handlers import Folder
from tests.support.probe.load import Load
from tests.support.probe.sabotage import sabotage
from tests.support.probe.service import probe_container


def run(environment: Mapping[str, str], socket: socket.socket) -> None:
    """Run the process. The environment contains its settings, failpoint and sabotage."""
    os.environ.clear()
    os.environ.update(environment)
    configure_logging(level="CRITICAL", json_lines=True)
    is_hasty = environment["PROBE_HASTE"] == "yes"
    if is_hasty:
        engine.LONGEST_PAUSE_SECONDS = 0.05  # type: ignore[misc]  # tests wait for this pause
    folder = Folder(Path(environment["PROBE_FOLDER"]))
    set_failpoint(environment["PROBE_FAILPOINT"], folder)
    sabotage(environment["PROBE_SABOTAGE"])
    container = probe_container(load_settings(), folder, is_hasty=is_hasty)
    asyncio.run(_obey(container, folder, socket))


async def _obey(container: ApplicationContainer, folder: Folder, socket: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=socket)
    async with AsyncExitStack() as process:
        await process.enter_async_context(opened(container))
        work = await process.enter_async_context(AsyncExitStack())
        while line := await reader.readline():
            command, *words = line.decode().split()
            if command == "deliver":
                await work.enter_async_context(container.engine().running())
            elif command == "publish":
                seed, streams, pause = int(words[0]), int(words[1]), float(words[2])
                load = Load(container, folder, seed=seed, streams=streams, pause=pause)
                await work.enter_async_context(load.running())
            elif command == "finish":
                await container.executor().finish()
            elif command == "rest":
                await work.aclose()
            writer.write(line)
