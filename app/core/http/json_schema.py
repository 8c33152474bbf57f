"""JSON Schema of what we write: the forms of decimals and times of the day."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from fastapi._compat import v2
from pydantic_core import core_schema

DECIMAL: Final = {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
TIME: Final = {"type": "string", "format": "time-local"}  # `time` is one with an offset


class WrittenForms(v2.GenerateJsonSchema):
    """Pydantic's schemas, except for types that we write differently."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> dict[str, Any]:
        return dict(DECIMAL) if self.mode == "serialization" else super().decimal_schema(schema)

    def time_schema(self, schema: core_schema.TimeSchema) -> dict[str, Any]:
        return dict(TIME) if self.mode == "serialization" else super().time_schema(schema)


@contextmanager
def described_as_written() -> Iterator[None]:
    """Make FastAPI describe answers by our forms; it accepts only its own generator."""
    own = v2.GenerateJsonSchema
    v2.GenerateJsonSchema = WrittenForms  # type: ignore[misc]
    try:
        yield
    finally:
        v2.GenerateJsonSchema = own  # type: ignore[misc]
