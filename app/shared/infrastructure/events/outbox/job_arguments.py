"""The arguments of jobs as JSON, checked before they are written."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from app.core.events import PublishedEvent
from app.core.exceptions import Invalid
from app.shared.domain.jobs import InvalidJob, Job
from app.shared.infrastructure.database.statement import json_text
from app.shared.infrastructure.events.outbox.decoding import said
from app.shared.infrastructure.events.outbox.event_log import payload_of


def arguments_of(kind: type[PublishedEvent], jobs: Sequence[Job[Any]], ids: Sequence[UUID]) -> str:
    """Return the ids and arguments of jobs of one kind: `[[id, arguments], …]`.

    Raises InvalidJob for values that would be read back changed, or not at all. A job may run
    months later, when they could no longer be repaired.
    """
    rows = [(id.hex, payload_of(job)) for id, job in zip(ids, jobs, strict=True)]
    try:
        text = json_text(rows)
        read_back = _adapter(kind).validate_python([stored for _, stored in orjson.loads(text)])
    except ValidationError as error:
        raise InvalidJob("arguments", f"{kind.type}: {said(error)}") from None
    except (TypeError, ValueError, Invalid) as error:  # a value object raises Invalid
        raise InvalidJob("arguments", f"{kind.type}: {error}") from error
    if read_back != list(jobs):
        raise InvalidJob("arguments", f"{kind.type}: JSON can't hold these values as they are")
    return text


@cache
def _adapter(kind: Any) -> TypeAdapter[list[Job[Any]]]:
    return TypeAdapter(list[kind])
