"""An email address that clients send is read, or refused at its field."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from app.shared.domain.value_objects import EmailAddress
from app.shared.presentation.email import Email
from tests.unit.core.http.schema_types.sending import read, refusals


def test_an_email_address_is_read_in_the_form_that_email_is_sent_to() -> None:
    assert read(Email, " ana@BÜCHER.example ") == EmailAddress("ana@xn--bcher-kva.example")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("ana", "invalid_format"),
        ("ana@example", "invalid_format"),
        ("a b@example.com", "invalid_format"),
        ("", "too_short"),
        ("a" * 250 + "@example.com", "too_long"),
        (12, "wrong_type"),
        (None, "wrong_type"),
    ],
)
def test_what_is_no_email_address_is_refused_where_it_was_sent(sent: Any, code: str) -> None:
    [refused] = refusals(Email, sent)
    assert (refused["pointer"], refused["code"]) == ("/field", code)


def test_the_document_gives_the_form_and_the_length() -> None:
    assert TypeAdapter(Email).json_schema() == {
        "type": "string",
        "format": "email",
        "minLength": 3,
        "maxLength": 254,
        "examples": ["ana@example.com"],
    }
