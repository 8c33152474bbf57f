"""The parameters of a page of a list."""

from typing import Annotated

from pydantic import Field

from app.core.http.schema_types import Digits, Parameters
from app.shared.application.dto import PageRequest


class PageParameters(Parameters):
    """A list adds its own parameters: filters, and `sort` and `with_total` if it has any.

    `sort` is `name` or `-name`, one of the orders that the list has.
    """

    limit: Annotated[int, Field(ge=1, le=100), Digits] = 20
    cursor: Annotated[str | None, Field(min_length=1, max_length=2000)] = None

    def page(self) -> PageRequest:
        return PageRequest(
            sort=getattr(self, "sort", ""),
            limit=self.limit,
            cursor=self.cursor,
            with_total=getattr(self, "with_total", False),
        )
