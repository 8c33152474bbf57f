"""How a handler ends its run, besides by returning: it raises one of these."""

from typing import Any


class Retry(Exception):
    """Raised by a handler: trying again is pointless before so many seconds have passed.

    It counts as an attempt, and waits at least as long as any other that failed. So `max_attempts`
    stands for the same patience however short the waits are that the other side asks for.
    """

    def __init__(self, *, after: float) -> None:
        self.after = after
        super().__init__(f"not before {after:g} s have passed")


class Discard(Exception):
    """Raised by a handler: there is nothing to do for this event, now or ever."""


class Continue(Exception):
    """Raised by a handler: commit this part, and call the handler again for the rest.

    A transaction has to end soon, so a handler does a bounded part of its work and raises this as
    long as something is left. It is no failed attempt, and the attempts are counted anew. The next
    call of a job's handler finds `cursor`, any JSON value, in `run.cursor`. A cursor that is the
    same as before counts as a failure: nothing moved, and the job would run forever.
    """

    def __init__(self, cursor: Any = None) -> None:
        self.cursor = cursor
        super().__init__("there is more to do")


class DeadLetter(Exception):
    """Raised by a handler: trying again is pointless, somebody has to look at it."""
