"""Caches: what a process remembers for a while, and no more of it than it has room for."""

from collections import OrderedDict
from typing import Any


def evict_oldest(remembered: OrderedDict[Any, Any], *, most: int) -> None:
    """Forget what was remembered first, until at most so many are left."""
    while len(remembered) > most:
        remembered.popitem(last=False)
