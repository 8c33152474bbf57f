"""Requests of anonymous clients about an account."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar, Self

from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.events import DomainEvent


@dataclass(eq=False, kw_only=True, slots=True)
class AccountRequest(AggregateRoot):
    """A request that any client may send about an account, so it must not change the account.

    Otherwise its version would change, and strangers could make its owner's writes fail. Only the
    event of a request is stored.
    """

    aggregate_type: ClassVar = "account_request"

    @classmethod
    def made(cls, event: DomainEvent, *, now: dt.datetime) -> Self:
        request = cls(version=1, created_at=now, updated_at=now)
        request.record(event)
        return request
