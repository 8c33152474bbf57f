"""Writes answers, so that each one has the documented form."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, Final, get_origin

from fastapi.exceptions import ResponseValidationError
from fastapi.routing import APIRoute

from app.core.http import strict_json
from app.core.json_forms import require_form, writes_itself

Write = Callable[[Any], bytes]

FILTERS: Final = {
    *("response_model_include", "response_model_exclude", "response_model_exclude_unset"),
    *("response_model_exclude_defaults", "response_model_exclude_none", "response_model_by_alias"),
}
"""The options of FastAPI for answers that a route may use."""


def leaves_fields_out(route: Any) -> bool:
    """Tell whether a route's answers lack fields that their type has."""
    asked = (getattr(route, name) for name in FILTERS - {"response_model_by_alias"})
    return any(value is not None and value is not False for value in asked)


def writer_of(route: APIRoute, annotation: Any, *, is_filtered: bool) -> Write:
    """Return the function that writes the answers of a route, whose endpoint returns `annotation`.

    Raises NoForm for a type without a form in JSON.

    Dataclasses, and types made of them, are written directly, which is several times faster. Types
    with a Pydantic model, and routes whose `response_model=` differs from the endpoint's type, are
    written as FastAPI does it.
    """
    model, field = route.response_model, route.response_field
    if field is None:
        return strict_json.encode

    options = {name.removeprefix("response_model_"): getattr(route, name) for name in FILTERS}

    def write_by_model(answer: Any) -> bytes:
        value, errors = field.validate(answer, {}, loc=("response",))
        if errors:
            raise ResponseValidationError(errors=errors, body=answer)
        return field.serialize_json(value, **options)

    if model != annotation or is_filtered:
        return write_by_model
    exact = get_origin(model) or model
    kinds = require_form(model, of=f"the answer of {' '.join(route.methods or ())} {route.path}")
    if any(map(writes_itself, kinds)):
        return write_by_model
    has_times = dt.time in kinds
    write = partial(strict_json.encode, has_times=True) if has_times else strict_json.encode

    def write_exactly(answer: Any) -> bytes:
        # An instance of a subclass may have more fields than the documented class.
        return write(answer) if type(answer) is exact else write_by_model(answer)

    return write_exactly if hasattr(exact, "__dataclass_fields__") else write
