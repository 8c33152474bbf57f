"""What a process remembers for a while: no more of it than it has room for."""

from collections import OrderedDict
from typing import Any


def forget_oldest(remembered: OrderedDict[Any, Any], *, most: int) -> None:
    """Forget what was remembered first, until at most so many are left."""
    while len(remembered) > most:
        remembered.popitem(last=False)
