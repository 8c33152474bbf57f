"""What a client may send."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from app.core.http.schema_types import Body, Length, Line
from app.core.http.schema_values import Date, Scale
from app.modules.invoice.domain.entities import (
    DESCRIPTION_MAX_LENGTH,
    NUMBER_MAX_LENGTH,
    InvoiceStatus,
)
from app.shared.domain.value_objects import Money
from app.shared.presentation.email import Email
from app.shared.presentation.money import MoneyRange
from app.shared.presentation.pages import PageParameters

NOT_BLANK = Field(pattern=r"\S")


class LineDraft(Body):
    description: Annotated[Line, Length(1, DESCRIPTION_MAX_LENGTH), NOT_BLANK]
    quantity: Annotated[Decimal, Scale(3, least=0, most=10_000)]
    unit_price: Annotated[Money, MoneyRange(least=0, most=10_000_000)]


class InvoiceDraft(Body):
    """All prices are in one currency."""

    number: Annotated[Line, Length(1, NUMBER_MAX_LENGTH), NOT_BLANK, Field(examples=["2026-001"])]
    customer_email: Email
    due_on: Date | None = None
    lines: Annotated[list[LineDraft], Field(min_length=1, max_length=100)]


class InvoiceListParameters(PageParameters):
    status: InvoiceStatus | None = None
    due_before: Date | None = None
    sort: Literal["created_at", "-created_at", "due_on", "-due_on"] = "-created_at"
