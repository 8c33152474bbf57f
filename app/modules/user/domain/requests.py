"""What is asked for by people who have not signed in."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar, Self

from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.events import DomainEvent


@dataclass(eq=False, kw_only=True, slots=True)
class AccountRequest(AggregateRoot):
    """Something that anybody may ask for an account: so it must not touch the account itself.

    Its version would change, and strangers could make its owner's writes fail. Nothing is kept of
    a request but the event.
    """

    aggregate_type: ClassVar = "account_request"

    @classmethod
    def made(cls, event: DomainEvent, *, now: dt.datetime) -> Self:
        request = cls(version=1, created_at=now, updated_at=now)
        request.record(event)
        return request
