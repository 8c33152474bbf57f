"""Answers without an end of their own, and WebSockets: how they end when the server stops."""

import asyncio
from typing import Any, Final

from starlette.types import Scope

from app.core.exceptions import Unavailable
from app.core.http.bodies import ADMITTED, CUT, DRAINING

BODILESS: Final = {204, 304}
"""Statuses of answers without a body (RFC 9110, section 6.4.1)."""


class Cut:
    """Ends the work for a client from outside, wherever it waits."""

    def __init__(self, task: asyncio.Task[Any] | None, *, is_whole: bool = True) -> None:
        self._task, self._is_made = task, False
        self.is_whole = is_whole
        """Whether the client may take what it has as complete."""

    def __call__(self) -> bool:
        """End it; return whether the client sees a proper end."""
        if self._task is not None and not self._task.done():
            self._is_made = True
            self._task.cancel()
        return self.is_whole

    def take(self) -> None:
        """Raise CancelledError, unless this cut cancelled the task."""
        if self._task is None or not self._is_made or self._task.uncancel():
            raise asyncio.CancelledError


def cut_of(scope: Scope, headers: list[tuple[bytes, bytes]], task: asyncio.Task[Any] | None) -> Cut:
    """Put into the scope how to end an answer without a length. Raises Unavailable.

    Server-sent events may end at any time, and their client connects again (HTML, "Server-sent
    events"). For other answers the client must see that something is missing.
    """
    if DRAINING in scope:
        raise Unavailable
    media_type = dict(headers).get(b"content-type", b"")
    if (admitted := scope.pop(ADMITTED, None)) is not None:
        admitted.in_flight -= 1  # it may last for hours, in which it mostly waits
    cut = scope[CUT] = Cut(task, is_whole=media_type.startswith(b"text/event-stream"))
    return cut
