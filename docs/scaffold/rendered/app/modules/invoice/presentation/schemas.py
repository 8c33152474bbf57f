"""What a client may send."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field

from app.core.http.schema_types import Body, Choice, Length, Line
from app.core.http.schema_values import Date, Scale
from app.modules.invoice.domain.entities import (
    LINE_DESCRIPTION_MAX_LENGTH,
    NUMBER_MAX_LENGTH,
    InvoiceChanges,
    InvoiceCurrency,
    InvoiceFields,
    InvoiceLine,
)
from app.shared.presentation.email import Email
from app.shared.presentation.pages import PageParameters

NOT_BLANK: Final = Field(pattern=r"\S")
ABSENT: Any = Field(default_factory=lambda: None)  # nobody reads a field that was not sent
NumberText = Annotated[Line, Length(1, NUMBER_MAX_LENGTH), NOT_BLANK]
AmountNumber = Annotated[Decimal, Scale(2, digits=12)]
LineDescriptionText = Annotated[Line, Length(1, LINE_DESCRIPTION_MAX_LENGTH), NOT_BLANK]
LineQuantityNumber = Annotated[Decimal, Scale(3, digits=12)]
LineUnitPriceNumber = Annotated[Decimal, Scale(2, digits=12)]


class InvoiceLineDraft(Body):
    description: LineDescriptionText
    quantity: LineQuantityNumber
    unit_price: LineUnitPriceNumber

    def to_line(self) -> InvoiceLine:
        return InvoiceLine(**dict(self))


LinesList = Annotated[list[InvoiceLineDraft], Field(min_length=1, max_length=100)]


class InvoiceDraft(Body):
    number: NumberText
    customer_email: Email
    currency: Annotated[InvoiceCurrency, Choice]
    amount: AmountNumber
    due_on: Date
    lines: LinesList

    def to_fields(self) -> InvoiceFields:
        return InvoiceFields(
            number=self.number,
            customer_email=self.customer_email,
            currency=self.currency,
            amount=self.amount,
            due_on=self.due_on,
            lines=[line.to_line() for line in self.lines],
        )


class InvoicePatch(Body):
    """A merge patch (RFC 7396): missing fields stay."""

    number: NumberText = ABSENT
    customer_email: Email = ABSENT
    currency: Annotated[InvoiceCurrency, Choice] = ABSENT
    amount: AmountNumber = ABSENT
    due_on: Date = ABSENT
    lines: LinesList = ABSENT

    def to_changes(self) -> InvoiceChanges:
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        if "lines" in sent:
            sent["lines"] = [line.to_line() for line in self.lines]
        return cast("InvoiceChanges", sent)


class InvoiceListParameters(PageParameters):
    due_on_from: Date | None = None
    due_on_to: Date | None = None
    sort: Literal["created_at", "-created_at", "amount", "-amount"] = "-created_at"
