"""Functions that are called after a commit."""

from collections.abc import Callable
from functools import partial
from inspect import isawaitable

import structlog

from app.core.context import current_work

log = structlog.get_logger(__name__)


class AfterCommit:
    """Functions that are called once, after the commit, one after another.

    The connection is free by then, so they may begin their own transaction.
    """

    def __init__(self) -> None:
        self._calls: list[Callable[[], object]] = []

    def add(self, call: Callable[[], object], /) -> None:
        self._calls.append(call)

    async def run(self) -> None:
        """Call them. An error is logged; the commit stays, and the other functions are called."""
        if not self._calls:
            return
        calls, self._calls = self._calls, []
        current_work.get().idempotent_call = None  # its one transaction is over
        for call in calls:
            try:
                answer = call()
                if isawaitable(answer):
                    await answer
            except Exception:
                log.exception("after commit failed", call=_name_of(call))


def _name_of(call: Callable[..., object]) -> str:
    """Return the name of a function without its arguments, which may be secret."""
    while isinstance(call, partial):
        call = call.func
    return getattr(call, "__qualname__", type(call).__qualname__)
