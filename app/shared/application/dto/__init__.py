"""The forms of answers that modules share.

Answers are dataclasses that our code builds, so they are not validated: the route writes them to
JSON as they are. They are not frozen, because building one would take four times as long. They have
no slots, because orjson would take twice as long.
"""

import datetime as dt
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

Item = TypeVar("Item")
View = TypeVar("View", bound="BaseResponse")


@dataclass
class BaseResponse:
    """The fields of every stored object. `version` is also its ETag."""

    id: UUID
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime


def view_of(kind: type[View], aggregate: object) -> View:
    """Return the view of an aggregate: its fields have the names of the aggregate's.

    A value object with one field, such as an EmailAddress, is shown as the value of that field.
    """
    shown: dict[str, Any] = {
        each.name: _shown(getattr(aggregate, each.name)) for each in fields(kind)
    }
    return kind(**shown)


def _shown(value: object) -> object:
    if is_dataclass(value) and len(parts := fields(value)) == 1:
        return getattr(value, parts[0].name)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A page of a list, and the order: `name`, or `-name` for descending."""

    sort: str = ""
    limit: int = 20
    cursor: str | None = None
    with_total: bool = False


@dataclass
class CursorPage(Generic[Item]):
    """A page of an unlimited list. `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None
    limit: int
    total: int | None = None


@dataclass
class PaginatedResponse(Generic[Item]):
    """A numbered page of a small, administrative list. The first page is 1."""

    items: list[Item]
    total: int
    page: int
    size: int
    pages: int

    @classmethod
    def of(
        cls, items: list[Item], *, total: int, page: int, size: int
    ) -> "PaginatedResponse[Item]":
        """Return the page, with the number of pages that `total` items fill."""
        return cls(items=items, total=total, page=page, size=size, pages=-(-total // size))
