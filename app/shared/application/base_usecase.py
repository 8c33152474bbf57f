"""What a use case is, and the clock that it is given."""

import datetime as dt
from typing import Protocol, TypeVar

Request = TypeVar("Request", contravariant=True)
Answer = TypeVar("Answer", covariant=True)


class UseCase(Protocol[Request, Answer]):
    """One thing that somebody wants done: one class, one method, at most one transaction."""

    async def execute(self, request: Request, /) -> Answer: ...


class Clock(Protocol):
    """The time, as something that is handed in: rules that depend on it can be tested."""

    def now(self) -> dt.datetime: ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)
