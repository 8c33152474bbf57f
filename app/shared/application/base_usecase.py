"""The use case, and the clock that it gets."""

import datetime as dt
from typing import Protocol, TypeVar

Request = TypeVar("Request", contravariant=True)
Answer = TypeVar("Answer", covariant=True)


class UseCase(Protocol[Request, Answer]):
    """One operation for a caller: one class, one method, at most one transaction."""

    async def execute(self, request: Request, /) -> Answer: ...


class Clock(Protocol):
    """The time, passed in as an object so that rules that depend on it can be tested."""

    def now(self) -> dt.datetime: ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)
