"""The event catalogue: events, their shapes and their handlers. Generated and compared."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from app.core.events import EventRegistry, Handler, PublishedEvent
from app.core.http.json_schema import WrittenForms
from app.shared.domain.events import ScheduleTick

Schema = dict[str, Any]
Schemas = dict[str, dict[str, Schema]]
"""Schemas by the event's type and its schema version."""

MARK: Final = "<!-- What follows is written by `make openapi`. -->\n"
_WORDS: Final = frozenset({"title", "description", "default", "examples"})


def write_catalogue(registry: EventRegistry, folder: Path) -> None:
    """Update `events.json`, `jobs.json` and the generated part of `events.md` from the code."""
    page = folder / "events.md"
    by_hand = page.read_text(encoding="utf-8").partition(MARK)[0]
    page.write_text(by_hand + MARK + described(registry), encoding="utf-8")
    for file, current in (
        (folder / "events.json", schemas(registry)),
        (folder / "jobs.json", schemas_of_jobs(registry)),
    ):
        committed = orjson.loads(file.read_bytes()) if file.exists() else {}
        file.write_bytes(as_json(updated(committed, current)))


def schemas(registry: EventRegistry) -> Schemas:
    """Return the shape of every event that this code publishes."""
    return _schemas(_events(registry))


def schemas_of_jobs(registry: EventRegistry) -> Schemas:
    """Return the shape of the arguments of every job that this code handles."""
    return _schemas(registry.jobs)


def updated(committed: Schemas, current: Schemas) -> Schemas:
    """Return what to commit: new events, new versions and new optional fields are added.

    A change that breaks a promise is not added: the promise stays, and the test still fails.
    """
    merged = {name: dict(versions) for name, versions in committed.items()}
    for name, version, schema in _each(current):
        known = merged.setdefault(name, {})
        if not breaks(known.get(version, schema), schema):
            known[version] = schema
    return merged


def broken_promises(committed: Schemas, current: Schemas) -> list[str]:
    """Return the promises that published events break, as sentences."""
    gone = [f"{name} is not there any more" for name in committed if name not in current]
    changed = [
        f"{name}, version {version}: {change}"
        for name, version, schema in _each(current)
        for change in breaks(committed.get(name, {}).get(version, schema), schema)
    ]
    return gone + changed


def breaks(old: Schema, new: Schema) -> list[str]:
    """Return the changes that would break stored events or their readers."""
    was, now = old.get("properties", {}), new.get("properties", {})
    lost = [f"{field} is gone" for field in was if field not in now]
    retyped = [
        f"{field} is of another type"
        for field in was
        if field in now and _shape(was[field], old) != _shape(now[field], new)
    ]
    needed = set(new.get("required", ())) - set(old.get("required", ()))
    return lost + retyped + [f"{field} is required now" for field in now if field in needed]


def described(registry: EventRegistry) -> str:
    """Return the generated part of `events.md`."""
    events = "\n".join(_event(kind, registry) for kind in _events(registry))
    return f"\n## Events\n\n{events}\n{_handlers(registry)}"


def as_json(value: object) -> bytes:
    """Return it as it is committed, with sorted keys: each difference is then a change."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def _schema(kind: type[PublishedEvent]) -> Schema:
    return TypeAdapter(kind).json_schema(mode="serialization", schema_generator=WrittenForms)


def _schemas(kinds: Iterable[type[PublishedEvent]]) -> Schemas:
    return {kind.type: {str(kind.schema_version): _schema(kind)} for kind in kinds}


def _events(registry: EventRegistry) -> Iterator[type[PublishedEvent]]:
    return (registry[name] for name in sorted(registry))


def _each(all_schemas: Mapping[str, Mapping[str, Schema]]) -> Iterator[tuple[str, str, Schema]]:
    for name, versions in all_schemas.items():
        for version, schema in versions.items():
            yield name, version, schema


def _shape(part: Any, whole: Schema) -> Any:
    """Return a part of a schema without texts for people, and with its references resolved."""
    if isinstance(part, list):
        return [_shape(each, whole) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _shape(whole["$defs"][part["$ref"].rpartition("/")[2]], whole)
    # A property may be called `title`; then its value is a schema, not a text.
    return {
        key: _shape(value, whole)
        for key, value in part.items()
        if key not in _WORDS or isinstance(value, dict)
    }


def _event(kind: type[PublishedEvent], registry: EventRegistry) -> str:
    handlers = sorted(handler.id for handler in registry.handlers if _handles(handler, kind))
    schema = _schema(kind)
    return (
        f"### `{kind.type}`, version {kind.schema_version}\n\n"
        f"{inspect.getdoc(kind)}\n\n"
        f"Published by `{kind.type.partition('.')[0]}`; "
        f"handlers: {', '.join(f'`{name}`' for name in handlers) or 'none'}.\n\n"
        f"```json\n{as_json(_shape(schema, schema)).decode()}```\n"
    )


def _handles(handler: Handler, kind: type[PublishedEvent]) -> bool:
    """Return whether a handler handles these events: a schedule handles its own ticks."""
    asked = handler.subscription
    return asked.timetable is not None if kind is ScheduleTick else kind in asked.events


def _handlers(registry: EventRegistry) -> str:
    rows = [_row(handler) for handler in sorted(registry.handlers, key=lambda each: each.id)]
    head = [
        "## Handlers",
        "",
        "| handler | event | effect | attempts | time limit | when dead | priority | queue |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _row(handler: Handler) -> str:
    asked = handler.subscription
    events = ", ".join(f"`{event.type}`" for event in asked.events)
    schedule = f"schedule, `{asked.timetable.times}`" if asked.timetable else "job"
    event = events or schedule
    effect = "exactly once" if asked.transactional else "at least once"
    cells = (f"`{handler.id}`", event, effect, asked.max_attempts, f"{asked.timeout:g} s")
    where = f"{asked.on_dead} | {asked.priority} | {asked.queue_name}"
    return f"| {' | '.join(map(str, cells))} | {where} |"
