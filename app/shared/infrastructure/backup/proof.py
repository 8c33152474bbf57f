"""Proves that a restored database is whole, by what the service knows of its tables."""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, get_args

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    and_,
    exists,
    func,
    inspect,
    literal_column,
    select,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from app.shared.infrastructure.backup.contents import read_contents
from app.shared.infrastructure.backup.manifest import Contents, Manifest
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.database.models import event_delivery, event_log, metadata
from app.shared.infrastructure.database.postgres_errors import forget_values
from app.shared.infrastructure.database.revisions import revisions, why_behind
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in


class Finding(NamedTuple):
    """What was checked, and what is wrong with it, if anything."""

    subject: str
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        lines = "".join(f"\n{'':10}{each}" for each in self.wrong)
        return f"{'doubt' if self.wrong else 'ok':>8}  {self.subject}{lines}"


_IN_RECOVERY: Final = text("SELECT pg_is_in_recovery()")
_ONE: Final = literal_column("1", Integer)
_NAMED: Final = (ForeignKeyConstraint, UniqueConstraint)
Check = Callable[[Connection], Iterator[str]]


def prove(connection: Connection, contents: Contents) -> list[Finding]:
    """Check everything, and return what was found. `contents` are those of the database."""

    def revision(_: Connection) -> Iterator[str]:
        unknown = sorted(set(contents.revisions) - revisions().keys())
        if unknown:
            yield f"{', '.join(unknown)}: a newer release made them; run that release"
        elif not contents.revisions:
            yield "there is none: the database is empty"
        elif behind := why_behind(contents.revisions):
            yield behind

    checks: dict[str, Check] = {
        "it accepts writes": _writes,
        "the revision is that of this code": revision,
        "every table has its columns, keys and indexes": _tables,
        "what must be unique is there once": _duplicates,
        "what is referred to is there": _orphans,
        "every delivery has its event": _deliveries,
        "every event belongs to a change that is there": _changes,
        "the events of each aggregate are in order": _order,
        "what waits in a stream waits for something": _streams,
        "the next ids are new ones": _next_ids,
    }
    return [_found(connection, subject, check) for subject, check in checks.items()]


def compare(contents: Contents, manifest: Manifest) -> Finding:
    """Compare with what the manifest says, which must be exactly the same."""
    meant, wrong = manifest.contents, []
    for name in sorted(meant.tables.keys() | contents.tables.keys()):
        told, found = meant.tables.get(name), contents.tables.get(name)
        if told != found:
            wrong.append(f"{name}: {found or 'missing'}, and the manifest says {told or 'none'}")
    if contents.revisions != meant.revisions:
        wrong.append(f"revisions: {contents.revisions}, and the manifest says {meant.revisions}")
    if contents.last_event != meant.last_event:
        wrong.append(f"last event: {contents.last_event}, and the manifest says {meant.last_event}")
    return Finding("it holds what the manifest says", tuple(wrong))


def proven(connection: Connection, manifest: Manifest | None = None) -> list[Finding]:
    """Read the whole database and check it, also against a manifest if there is one."""
    contents: list[Contents] = []

    def read(connection: Connection) -> Iterator[str]:
        contents.append(read_contents(connection))
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql("PRAGMA integrity_check(5)").scalars().all()
            yield from (str(each) for each in found if each != "ok")

    findings = [_found(connection, "every row can be read", read)]
    if not contents:
        return findings
    if manifest is not None:
        findings.append(compare(contents[0], manifest))
    return findings + prove(connection, contents[0])


def _found(connection: Connection, subject: str, check: Check) -> Finding:
    try:
        with connection.begin_nested():
            return Finding(subject, tuple(check(connection)))
    except DBAPIError as error:
        known: Any = error.orig.__cause__ or error.orig if error.orig else error
        if hasattr(known, "sqlstate"):
            forget_values(known)
        return Finding(subject, (str(known),))


def _writes(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "postgresql" and connection.scalar(_IN_RECOVERY):
        yield "the server has not ended its recovery"


def _tables(connection: Connection) -> Iterator[str]:
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in present:
            yield f"{table.name} is missing"
            continue
        columns = {column["name"] for column in inspector.get_columns(table.name)}
        yield from (f"{c} is missing" for c in table.columns if c.name not in columns)
        key = inspector.get_pk_constraint(table.name)["constrained_columns"]
        if set(key) != set(table.primary_key.columns.keys()):
            yield f"{table.name} has no primary key"
        uniques = inspector.get_unique_constraints(table.name)
        named = {each["name"] for each in (*uniques, *inspector.get_indexes(table.name))}
        named |= {each["name"] for each in inspector.get_foreign_keys(table.name)}
        ours = {str(each.name) for each in table.constraints if isinstance(each, _NAMED)}
        ours |= {str(index.name) for index in table.indexes}
        yield from (f"{table.name} lacks {name}" for name in sorted(ours - named))


def _duplicates(connection: Connection) -> Iterator[str]:
    for table in metadata.sorted_tables:
        for columns, where in _uniques(table):
            same = (
                select(_ONE)
                .where(*(column.is_not(None) for column in columns), *where)
                .group_by(*columns)
                .having(func.count() > 1)
            )
            if times := _count(connection, same):
                names = ", ".join(column.name for column in columns)
                yield f"{table.name}: {times} values of {names} are there more than once"


def _uniques(table: Table) -> Iterator[tuple[list[Column[Any]], list[ColumnElement[bool]]]]:
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            yield list(constraint.columns), []
    for index in table.indexes:
        if index.unique:
            yield list(index.columns), _condition(index)


def _condition(index: Index) -> list[ColumnElement[bool]]:
    where = index.dialect_options["postgresql"]["where"]
    return [] if where is None else [where]


def _orphans(connection: Connection) -> Iterator[str]:
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            parent = key.referred_table.alias("parent")
            pairs = [(each.parent, parent.c[each.column.name]) for each in key.elements]
            is_there = exists().where(*(child == target for child, target in pairs))
            lost = select(_ONE).where(*(child.is_not(None) for child, _ in pairs), ~is_there)
            if times := _count(connection, lost.select_from(table)):
                parents = key.referred_table.name
                yield f"{table.name}: {times} rows refer to rows of {parents} that are gone"


def _deliveries(connection: Connection) -> Iterator[str]:
    event = exists().where(event_log.c.event_id == event_delivery.c.event_id)
    lost = select(event_delivery.c.id).where(~event)
    if times := _count(connection, lost):
        yield f"{times} deliveries have no event"


def _changes(connection: Connection) -> Iterator[str]:
    """An event is written with its change, so it cannot be of a later version than the row."""
    for kind, table in _aggregates():
        newest = (
            select(event_log.c.aggregate_id, func.max(event_log.c.aggregate_version).label("last"))
            .where(event_log.c.aggregate_type == kind)
            .group_by(event_log.c.aggregate_id)
            .subquery()
        )
        ahead = select(_ONE).where(
            table.c.id == newest.c.aggregate_id, newest.c.last > table.c.version
        )
        if times := _count(connection, ahead.select_from(table, newest)):
            yield f"{table.name}: {times} rows are older than their events"


def _order(connection: Connection) -> Iterator[str]:
    kinds = [kind for kind, _ in _aggregates()]
    before = func.lag(event_log.c.seq).over(
        partition_by=(event_log.c.aggregate_type, event_log.c.aggregate_id),
        order_by=(event_log.c.aggregate_version, event_log.c.ordinal),
    )
    numbered = (
        select(event_log.c.seq, before.label("before"))
        .where(event_log.c.aggregate_type.in_(kinds))
        .subquery()
    )
    wrong = select(_ONE).where(numbered.c.before > numbered.c.seq)
    if times := _count(connection, wrong):
        yield f"{times} events were written before an earlier one of their aggregate"


def _streams(connection: Connection) -> Iterator[str]:
    """A held delivery is always behind a dead one of its stream."""
    held, dead = event_delivery.alias("held"), event_delivery.alias("dead")
    is_behind = exists().where(
        dead.c.handler == held.c.handler,
        dead.c.stream_id == held.c.stream_id,
        dead.c.stream_position < held.c.stream_position,
        is_in(dead.c.state, DeliveryState.DEAD, DeliveryState.NO_HANDLER),
    )
    wrong = (
        select(_ONE)
        .select_from(held)
        .where(and_(is_in(held.c.state, DeliveryState.HELD), ~is_behind))
    )
    if times := _count(connection, wrong):
        yield f"{times} deliveries are held, and no dead one is before them"


_NEXT: Final = text("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(:t, :c)), 0)")


def _next_ids(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        return  # it continues after the highest id of the table
    for table in metadata.sorted_tables:
        if (id := table.autoincrement_column) is not None:
            last = connection.scalar(_NEXT, {"t": table.name, "c": id.name})
            highest = connection.scalar(select(func.max(id))) or 0
            if highest > last:
                yield f"{table.name}: the next id is {last + 1}, and {highest} is used"


def _aggregates() -> Iterator[tuple[str, Table]]:
    """Return each kind of aggregate with a repository, and its table."""
    waiting = [*BaseRepository.__subclasses__()]
    while waiting:
        repository = waiting.pop()
        waiting += repository.__subclasses__()
        kind = get_args(repository.__orig_bases__[0])  # type: ignore[attr-defined]  # it is generic
        if hasattr(repository, "table") and repository.table.metadata is metadata:
            yield kind[0].aggregate_type, repository.table


def _count(connection: Connection, rows: Any) -> int:
    return connection.scalar(select(func.count()).select_from(rows.subquery())) or 0
