"""A server that stops without losing a request.

When asked to stop it reports at once that it is not ready, and goes on: load balancers need some
seconds to notice. Each answer then closes its connection. After that it accepts nobody, lets
requests end, cuts the rest, and closes the service. The whole time is limited.
"""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import structlog
import uvicorn
from uvicorn.server import ServerState

from app.core.http.listeners import refuse_new
from app.core.http.server import HttpProtocol
from app.core.http.websocket_server import WebSocketProtocol
from app.core.shutdown import SHUTDOWN

log = structlog.get_logger(__name__)

CLOSING_SECONDS: Final = 6.0
"""How long closing the service may take: event handlers have five seconds to end."""
WORK_SECONDS: Final = 20.0
"""How long requests may take to end, if so much time is left."""
TICK_SECONDS: Final = 0.1

ACCEPTED_IN_A_TURN: Final = 16
"""How many connections are accepted in each turn of the event loop.

uvloop accepts one from each listening socket. Under overload the others would wait in the kernel's
queue, for seconds, where nobody sees them and can refuse them. So each socket is there many times.
"""

HURRY: Final = signal.SIGQUIT
"""What the parent of several processes sends to end their drain."""


class ServingConfig(uvicorn.Config):
    """uvicorn's configuration, as the service uses it, with the times of a stop."""

    def __init__(
        self,
        app: Any,
        *,
        drain_seconds: float,
        stop_seconds: float,
        is_passed: bool,
        **options: Any,
    ) -> None:
        super().__init__(
            app,
            http=HttpProtocol,
            ws=WebSocketProtocol,
            log_config=None,
            access_log=False,  # ours has the request id and the actor
            server_header=False,
            proxy_headers=False,  # our own code trusts the proxies of TRUSTED_PROXIES only
            timeout_keep_alive=65,
            **options,
        )
        self.drain_seconds, self.stop_seconds = drain_seconds, stop_seconds
        self.is_passed = is_passed
        """Whether the listening sockets belong to a supervisor, and outlive this process."""

    @property
    def work_seconds(self) -> float:
        return min(WORK_SECONDS, self.stop_seconds - self.drain_seconds - CLOSING_SECONDS)


class StoppingState(ServerState):
    """The state that the server shares with its connections."""

    is_stopping = False


class StoppingServer(uvicorn.Server):
    """A second signal ends the drain; a third one, if it is Ctrl+C, ends the process at once.

    One of several processes obeys its parent only: a supervisor or a terminal sends the same signal
    to all of them, so each gets it twice.
    """

    config: ServingConfig

    def __init__(self, config: ServingConfig) -> None:
        super().__init__(config)
        self.server_state: StoppingState = StoppingState()
        self._has_served = self._is_in_hurry = False
        self._has_parent = config.workers > 1

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if self._has_parent:
            signal.signal(HURRY, lambda *_: self._hurry())
        with super().capture_signals():
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if SHUTDOWN.is_begun and not self._is_in_hurry:
            if not self._has_parent:
                self._hurry()
            return
        SHUTDOWN.begin()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        loop, known = asyncio.get_running_loop(), list(self.servers)
        for listener in [each for server in known for each in server.sockets]:
            for _ in range(ACCEPTED_IN_A_TURN - 1):
                again = socket.socket(fileno=os.dup(listener.fileno()))
                server = await loop.create_server(
                    self._protocol, sock=again, backlog=self.config.backlog
                )
                self.servers.append(server)

    def _protocol(self) -> HttpProtocol:
        return HttpProtocol(self.config, self.server_state, self.lifespan.state)

    async def main_loop(self) -> None:
        self._has_served = True
        await super().main_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_in_time()
        if self._has_served:
            await self._drain()
        await self._stop_listening(sockets or [])
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if not await self._is_idle_within(self.config.work_seconds):
            log.warning("requests are cut", number=len(self.server_state.tasks))
            for task in self.server_state.tasks:
                task.cancel()
            await self._is_idle_within(1.0)
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _drain(self) -> None:
        seconds = self.config.drain_seconds
        log.info("stopping", drain_seconds=seconds)
        self.server_state.is_stopping = True
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpProtocol):
                connection.answer_one_more()
        loop = asyncio.get_running_loop()
        ends_at, counter = loop.time() + seconds, 0
        while loop.time() < ends_at and not self._is_in_hurry:
            await asyncio.sleep(TICK_SECONDS)
            counter += 1
            await self.on_tick(counter)  # it sets the date of the answers
        self._is_in_hurry = True

    async def _stop_listening(self, sockets: list[socket.socket]) -> None:
        if self._has_served and not self.config.is_passed:
            refuse_new(listener for server in self.servers for listener in server.sockets)
            await asyncio.sleep(TICK_SECONDS)  # who connected until now is accepted
        for server in self.servers:
            server.close()
        for listener in sockets:
            listener.close()

    async def _is_idle_within(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        ends_at, state = loop.time() + seconds, self.server_state
        while (state.connections or state.tasks) and not self.force_exit:
            if loop.time() > ends_at:
                return False
            await asyncio.sleep(TICK_SECONDS / 2)
        return True

    def _hurry(self) -> None:
        self._is_in_hurry = True

    def _end_in_time(self) -> None:
        """End the process when its time is over, whatever hangs: its supervisor would kill it."""
        timer = threading.Timer(self.config.stop_seconds, _give_up)
        timer.daemon = True
        timer.start()


def _give_up() -> None:
    log.error("the service did not close in time")
    os._exit(1)
