"""Email addresses that clients may send."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.core.exceptions import Invalid
from app.core.http.schema_types import Length, Line
from app.shared.domain.value_objects import EmailAddress

EmailText = Annotated[
    Line,
    Length(3, EmailAddress.MAX_LENGTH),
    Field(examples=["ana@example.com"], json_schema_extra={"format": "email"}),
]
"""The address as it was sent, for a use case that reads it itself."""


@dataclass(frozen=True, slots=True)
class _Parsed:
    def __get_pydantic_core_schema__(
        self, _source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        text = handler.generate_schema(EmailText)
        return core_schema.no_info_after_validator_function(_address, text)


def _address(text: str) -> EmailAddress:
    try:
        return EmailAddress.parse(text)
    except Invalid:
        raise PydanticCustomError("email", "an email address") from None


Email = Annotated[EmailAddress, _Parsed()]
"""The address, or an error at the field that it was sent in."""
