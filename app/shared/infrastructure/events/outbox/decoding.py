"""Decodes events from rows of the log."""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from app.core.endings import DeadLetter
from app.core.events import EventRegistry, PublishedEvent
from app.core.exceptions import Invalid
from app.shared.infrastructure.database.connection import Row


class Undecodable(DeadLetter):
    """This code does not know the stored event, so another attempt would fail too."""


def decoded(registry: EventRegistry, row: Row) -> PublishedEvent:
    """Return the event of a row. Raises Undecodable."""
    try:
        kind = registry[row["event_type"]]
        if row["schema_version"] > kind.schema_version:
            # Later code wrote it. Decoding could lose fields without an error.
            raise Undecodable(f"{row['event_type']}: version {row['schema_version']} is not known")
        return _adapter(kind).validate_python(row["payload"])
    except ValidationError as error:
        raise Undecodable(f"{_named(row)} does not fit this code: {said(error)}") from None
    except (KeyError, Invalid) as error:  # a value object raises Invalid
        raise Undecodable(f"{_named(row)}: {type(error).__name__}") from None


def _named(row: Row) -> str:
    return f"{row['event_type']}, version {row['schema_version']},"


def said(error: ValidationError) -> str:
    """Return which fields are wrong and why, without their values."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)


@cache
def _adapter(kind: type[PublishedEvent]) -> TypeAdapter[PublishedEvent]:
    return TypeAdapter(kind)
