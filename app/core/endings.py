"""Exceptions that a handler raises to end its run in another way than by returning."""

from typing import Any


class Retry(Exception):
    """Raised by a handler: do not try again before so many seconds have passed.

    It counts as an attempt. The wait is at least as long as after any other failure. So
    `max_attempts` covers the same time, even if the receiver asks for short waits.
    """

    def __init__(self, *, after: float) -> None:
        self.after = after
        super().__init__(f"not before {after:g} s have passed")


class Discard(Exception):
    """Raised by a handler: there is nothing to do for this event, now or later."""


class Continue(Exception):
    """Raised by a handler: commit this part, and call the handler again for the rest.

    A transaction must end soon. So a handler does a limited part of its work, and raises this
    while something is left. It is not a failed attempt, and attempts are counted from 1 again.
    The next call of a job's handler finds `cursor`, any JSON value, in `run.cursor`. The same
    cursor twice counts as a failure: the job made no progress and would run forever.
    """

    def __init__(self, cursor: Any = None) -> None:
        self.cursor = cursor
        super().__init__("there is more to do")


class DeadLetter(Exception):
    """Raised by a handler: no attempt can succeed, and a person must look at it."""
