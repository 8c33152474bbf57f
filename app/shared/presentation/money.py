"""Money that clients may send: `{"amount": "12.50", "currency": "EUR"}`.

    price: Annotated[Money, MoneyRange(least=0, currencies=("EUR", "USD"))]

In a query, money is two parameters, one of them a `Currency`.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.core.http.schema_values import Scale
from app.core.value_forms import MAX_DIGITS
from app.shared.domain.currencies import CURRENT, MAX_PLACES
from app.shared.domain.value_objects import Money

_CODE: Final = {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217."}


def _currency(value: object) -> str:
    if not isinstance(value, str) or value not in CURRENT:
        raise PydanticCustomError("currency", "ISO 4217")
    return value


Currency = Annotated[str, BeforeValidator(_currency), WithJsonSchema(_CODE)]
"""The code of a currency in use, such as `EUR`."""


@dataclass(frozen=True, slots=True)
class MoneyRange:
    """The allowed amounts and currencies: `Annotated[Money, MoneyRange(least=0)]`.

    Without `currencies` all currencies in use are allowed. The amount is a string with at most as
    many decimals as its currency has.
    """

    least: Decimal | int | None = None
    most: Decimal | int | None = None
    currencies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if unknown := set(self.currencies) - CURRENT.keys():
            message = f"{', '.join(sorted(unknown))}: not a currency of ISO 4217 in use"
            raise ValueError(message)

    def __get_pydantic_core_schema__(
        self, _source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        places = max(CURRENT[code] for code in self.currencies or CURRENT)
        digits = MAX_DIGITS - MAX_PLACES + places
        amount = Annotated[Decimal, Scale(places, digits, self.least, self.most)]
        currency = Literal[self.currencies] if self.currencies else Currency
        fields = {
            "amount": core_schema.typed_dict_field(handler.generate_schema(amount)),
            "currency": core_schema.typed_dict_field(handler.generate_schema(currency)),
        }
        sent = core_schema.typed_dict_schema(fields, extra_behavior="forbid")
        return core_schema.no_info_after_validator_function(_money, sent)


def _money(sent: dict[str, Any]) -> Money:
    places = CURRENT[sent["currency"]]
    if sent["amount"] != round(sent["amount"], places):
        raise PydanticCustomError("currency_places", "", {"at": "amount", "places": places})
    return Money(**sent)
