"""The request that the code under test works for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.core.context import WorkContext, current_work


@contextmanager
def request_at_hand(**known: Any) -> Iterator[WorkContext]:
    """Run the block as if a request did it, with these fields of its WorkContext."""
    work = WorkContext(**known)
    token = current_work.set(work)
    try:
        yield work
    finally:
        current_work.reset(token)
