"""A client in its own process that continues until it is told to stop."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.forks import FORKS


@contextmanager
def untiring(work: Callable[..., None], *arguments: Any) -> Iterator[Counter[Any]]:
    """Let the process work while the block runs; then return the answers that it got.

    `work` takes the arguments and a connection, into which it says that it has begun. What it
    receives there tells it to stop, and what it sends then are its answers.
    """
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=work, args=(*arguments, theirs), daemon=True)
    process.start()
    answers: Counter[Any] = Counter()
    try:
        assert ours.recv() == "begun"
        yield answers
        ours.send("stop")
        answers.update(ours.recv())
    finally:
        process.kill()
        process.join()
