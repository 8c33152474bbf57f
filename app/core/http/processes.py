"""Starts the server: in this process, or in several that share a socket."""

import os
import socket
import time
from contextlib import suppress

from uvicorn.supervisors import multiprocess

from app.core.http.listeners import refuse_new
from app.core.http.stopping import HURRY, ServingConfig, StoppingServer


def serve(config: ServingConfig, passed: list[socket.socket]) -> None:
    """Serve until a signal ends it; on the passed sockets, or on host and port."""
    with suppress(KeyboardInterrupt):
        if config.workers == 1:
            StoppingServer(config).run(passed or None)
        else:
            Parent(config, passed or [config.bind_socket()]).run()


class Child(multiprocess.Process):
    """One of several processes."""

    config: ServingConfig

    @property
    def server(self) -> StoppingServer:
        if self._server is None:
            self._server = StoppingServer(self.config)
        assert isinstance(self._server, StoppingServer)  # noqa: S101 - for the type
        return self._server


class Parent(multiprocess.Multiprocess):
    """Passes signals to its processes, and closes the socket when their drain is over."""

    config: ServingConfig

    def run(self) -> None:
        # uvicorn has no other way to choose the server of its processes.
        multiprocess.Process = Child  # type: ignore[misc]
        super().run()

    def terminate_all(self) -> None:
        self.signal_queue.clear()
        super().terminate_all()
        self._drain()
        if not self.config.is_passed:
            refuse_new(self.sockets)
        for listener in self.sockets:
            listener.close()

    def _drain(self) -> None:
        ends_at = time.monotonic() + self.config.drain_seconds
        while time.monotonic() < ends_at and any(
            each.process.is_alive() for each in self.processes
        ):
            if self.signal_queue:
                for each in self.processes:
                    with suppress(ProcessLookupError):
                        os.kill(each.pid or 0, HURRY)
                return
            time.sleep(0.05)
