"""What reference counting does not free: a server of ours collects such objects seldom."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def no_collector() -> Iterator[None]:
    """Keep all objects that reference each other; the collector knows only those made meanwhile."""
    gc.collect()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def left_of(kind: type[T]) -> list[T]:
    """Return the objects of a type that were made since the collector stopped, and still exist."""
    return [each for each in gc.get_objects() if issubclass(type(each), kind)]
