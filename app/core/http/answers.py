"""How an answer is written, so that what is documented is what is sent."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, Final, get_args, get_origin

from fastapi.exceptions import ResponseValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.core.http import strict_json
from app.core.json_forms import require_form

Write = Callable[[Any], bytes]

FILTERS: Final = {
    *("response_model_include", "response_model_exclude", "response_model_exclude_unset"),
    *("response_model_exclude_defaults", "response_model_exclude_none", "response_model_by_alias"),
}
"""What a route may ask of FastAPI for its answers."""


def writer_of(route: APIRoute, annotation: Any, *, is_filtered: bool) -> Write:
    """Return what writes the answers of a route, whose endpoint says that it returns `annotation`.

    Raises NoForm for a type without a form in JSON.

    Dataclasses, and what is made of them, are written as they are: several times faster. A model of
    Pydantic's writes itself, and `response_model=` of another type than the endpoint's own says
    what of its answer is sent: both as FastAPI does it.
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

    if model != annotation or is_filtered or _has_model(model):
        return write_by_model
    exact = get_origin(model) or model
    where = f"the answer of {' '.join(route.methods or ())} {route.path}"
    has_times = dt.time in require_form(model, of=where)
    write = partial(strict_json.encode, has_times=True) if has_times else strict_json.encode

    def write_exactly(answer: Any) -> bytes:
        # A class derived from the documented one may have more than was documented.
        return write(answer) if type(answer) is exact else write_by_model(answer)

    return write_exactly if hasattr(exact, "__dataclass_fields__") else write


def _has_model(hint: Any) -> bool:
    is_model = isinstance(hint, type) and issubclass(hint, BaseModel)
    return is_model or any(_has_model(part) for part in get_args(hint))
