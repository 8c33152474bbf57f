"""Sends a value for a field of some type, and returns the result."""

from typing import Any

import pytest
from pydantic import ValidationError, create_model

from app.core.http.schema_types import Body, Parameters, invalid


def read(kind: Any, value: Any, model: type[Body | Parameters] = Body) -> Any:
    """Return the value as it was read."""
    request = create_model("Request", __base__=model, field=(kind, ...))
    return vars(request.model_validate({"field": value}))["field"]


def refusals(kind: Any, value: Any, model: type[Body | Parameters] = Body) -> list[dict[str, Any]]:
    """Return the errors of a value that must be refused."""
    with pytest.raises(ValidationError) as error:
        read(kind, value, model)
    within = "pointer" if issubclass(model, Body) else "parameter"
    return invalid(error.value, within=within).errors


def code(kind: Any, value: Any) -> str:
    """Return the only code with which a field of a body must be refused."""
    [refused] = refusals(kind, value)
    assert refused["pointer"] == "/field"
    return str(refused["code"])
