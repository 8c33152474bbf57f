"""Making an event of what the log holds of it."""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from app.core.endings import DeadLetter
from app.core.events import EventRegistry, PublishedEvent
from app.core.exceptions import Invalid
from app.shared.infrastructure.database.connection import Row


class Undecodable(DeadLetter):
    """The stored event is none that this code knows; another attempt would find the same."""


def decoded(registry: EventRegistry, row: Row) -> PublishedEvent:
    """Return the event of a row. Raises Undecodable."""
    try:
        kind = registry[row["event_type"]]
        if row["schema_version"] > kind.schema_version:
            # Written by later code: what it would lose here, nobody would notice.
            raise Undecodable(f"{row['event_type']}: version {row['schema_version']} is not known")
        return _adapter(kind).validate_python(row["payload"])
    except ValidationError as error:
        raise Undecodable(f"{_named(row)} does not fit this code: {said(error)}") from None
    except (KeyError, Invalid) as error:  # the last from a value object
        raise Undecodable(f"{_named(row)}: {type(error).__name__}") from None


def _named(row: Row) -> str:
    return f"{row['event_type']}, version {row['schema_version']},"


def said(error: ValidationError) -> str:
    """Return what is wrong with which fields. The values are not quoted."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)


@cache
def _adapter(kind: type[PublishedEvent]) -> TypeAdapter[PublishedEvent]:
    return TypeAdapter(kind)
