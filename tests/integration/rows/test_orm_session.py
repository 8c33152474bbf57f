"""SQLAlchemy's ORM session in the transaction of a unit of work: all or nothing."""

import asyncio
import datetime as dt
import gc
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Column, ForeignKey, Integer, Table, Uuid, func, select, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from app.core import tracing
from app.core.exceptions import ConcurrentUpdate
from app.core.idempotency import Answer, IdempotentCall, run_once
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import (
    Database,
    DatabaseUnavailable,
    IntegrityViolation,
    NothingCommitted,
)
from app.shared.infrastructure.database.models import Json, Timestamp
from app.shared.infrastructure.database.sqlite import SqliteDatabase
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.idempotency import SqlIdempotencyStore
from app.shared.infrastructure.idempotency_quota import IdempotencyQuota
from tests.integration.rows.invoices import (
    NOW,
    SqlInvoiceUnitOfWork,
    a_line,
    an_invoice,
    invoice,
    invoice_line,
)
from tests.integration.rows.tables import schema
from tests.support.events import all_events
from tests.support.requests import request_at_hand
from tests.support.traces import traced
from tests.support.units import unit


class Base(DeclarativeBase):
    metadata = schema


class LineRow(Base):
    """A table that the repository of invoices also uses."""

    __table__ = invoice_line

    invoice_id: Mapped[UUID]
    position: Mapped[int]
    text: Mapped[str]
    price: Mapped[Decimal]


class Ledger(Base):
    __tablename__ = "tested_ledger"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    opened_at: Mapped[dt.datetime] = mapped_column(Timestamp)
    tags: Mapped[list[str]] = mapped_column(Json)
    details: Mapped[dict[str, str] | None] = mapped_column(Json)
    entries: Mapped[list["Entry"]] = relationship(
        back_populates="ledger", cascade="all, delete-orphan", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as SQLAlchemy documents it


class Entry(Base):
    __table__ = Table(
        "tested_ledger_entry",
        schema,
        Column("id", Integer, primary_key=True),
        Column("ledger_id", ForeignKey("tested_ledger.id"), nullable=False, index=True),
        Column("amount", Integer, nullable=False),
    )

    amount: Mapped[int]
    ledger: Mapped[Ledger] = relationship(back_populates="entries")


LEDGERS = Statement(select(func.count().label("n")).select_from(Ledger.__table__))


def a_ledger(name: str = "main", **fields: Any) -> Ledger:
    return Ledger(**{"name": name, "opened_at": NOW, "tags": ["a", "ç"], **fields})


async def count(database: Database) -> int:
    row = await database.fetch_one(LEDGERS, {})
    return row["n"] if row else 0


async def stored(database: Database, name: str = "main") -> Ledger:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        return (await uow.session().scalars(select(Ledger).where(Ledger.name == name))).one()


async def save(database: Database, *ledgers: Ledger) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        uow.session().add_all(ledgers)
        await uow.commit()


class Interrupted(Exception):
    """Another error in the middle."""


# --- Everything or nothing ----------------------------------------------------------------------


async def test_the_changes_of_the_session_are_committed_with_the_unit_of_work(
    database: Database,
) -> None:
    ledger = a_ledger(entries=[Entry(amount=1), Entry(amount=2)])
    await save(database, ledger)

    found = await stored(database)

    assert (found.id, found.version, found.opened_at) == (ledger.id, 1, NOW)
    assert found.tags == ["a", "ç"]
    assert [entry.amount for entry in found.entries] == [1, 2]


async def test_none_in_a_column_of_json_is_null(database: Database) -> None:
    await save(database, a_ledger("none", details=None), a_ledger("some", details={}))
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        found = await uow.session().scalars(select(Ledger).where(Ledger.details.is_(None)))
        assert [ledger.name for ledger in found] == ["none"]


async def test_an_aggregate_its_events_and_rows_of_the_session_are_one_transaction(
    database: Database,
) -> None:
    one = an_invoice(lines=[a_line("roof")])
    one.send()
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        await uow.invoices.save(one)
        session = uow.session()
        line = (await session.scalars(select(LineRow))).one()
        session.add(a_ledger(line.text))
        line.price = Decimal("7.25")
        await uow.commit()

    assert (await stored(database, "roof")).version == 1
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        again = await uow.invoices.get(one.id)
    assert again is not None
    assert again.lines == [a_line("roof", "7.25")]
    (event,) = await all_events(database)
    assert (event["event_type"], event["payload"]) == ("invoice.sent", {"invoice_id": str(one.id)})


async def test_repository_and_session_see_each_others_changes(database: Database) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        await uow.invoices.save(an_invoice())
        numbers = await uow.session().scalars(select(invoice.c.number))
        assert numbers.all() == ["2026-1"]
        uow.session().add(a_ledger())
        await uow.session().flush()
        row = await uow._connection.fetch_one(LEDGERS, {})
        assert row is not None
        assert row["n"] == 1
        assert await count(database) == 0  # for all others


@pytest.mark.parametrize("is_interrupted", [True, False])
async def test_without_a_commit_nothing_of_both_is_stored(
    database: Database, *, is_interrupted: bool
) -> None:
    async def work() -> None:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            await uow.invoices.save(an_invoice())
            uow.session().add(a_ledger())
            await uow.session().flush()
            if is_interrupted:
                raise Interrupted

    await asyncio.gather(work(), return_exceptions=True)

    assert await count(database) == 0
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        assert await uow.invoices._find_all(Statement(select(invoice))) == []


async def test_a_refused_row_rolls_back_the_aggregate_and_its_events(
    database: Database,
) -> None:
    await save(database, a_ledger())
    one = an_invoice()
    one.send()

    async def work() -> None:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            await uow.invoices.save(one)
            uow.session().add(a_ledger())
            await uow.commit()

    with pytest.raises(IntegrityViolation) as refusal:
        await work()

    assert refusal.value.constraint == "uq_tested_ledger_name"
    assert await count(database) == 1
    assert await all_events(database) == []


async def test_after_a_rollback_of_the_session_the_unit_of_work_can_not_commit_the_rest(
    database: Database,
) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        await uow.invoices.save(an_invoice())
        uow.session().add(a_ledger())
        await uow.session().flush()
        await uow.session().rollback()
        with pytest.raises(NothingCommitted):
            await uow.commit()
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        assert await uow.invoices._find_all(Statement(select(invoice))) == []


async def test_a_refused_write_whose_error_is_caught_is_not_committed_either(
    database: Database,
) -> None:
    await save(database, a_ledger())
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        uow.session().add(a_ledger())
        with pytest.raises(IntegrityViolation):
            await uow.session().flush()
        with pytest.raises(NothingCommitted):
            await uow.commit()


async def test_within_a_savepoint_a_refused_row_leaves_the_rest(database: Database) -> None:
    await save(database, a_ledger())
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        session = uow.session()
        session.add(a_ledger("other"))
        await session.flush()

        async def again() -> None:
            async with session.begin_nested():
                session.add(a_ledger())

        with pytest.raises(IntegrityViolation):
            await again()
        await uow.commit()
    assert await count(database) == 2


async def test_the_session_does_not_commit_by_itself(database: Database) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        uow.session().add(a_ledger())
        with pytest.raises(TypeError, match=r"await uow\.commit\(\)"):
            await uow.session().commit()
    assert await count(database) == 0


async def test_the_session_cannot_be_used_after_the_commit(database: Database) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        session = uow.session()
        session.add(a_ledger())
        await uow.commit()
        with pytest.raises(InvalidRequestError, match="closed"):
            await session.execute(text("SELECT 1"))


async def test_connections_can_be_reused_after_a_session(database: Database) -> None:
    for number in range(12):  # more than there are connections
        await save(database, a_ledger(str(number), tags=[str(number)]))
        one = an_invoice(number=str(number))
        one.send()
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            await uow.invoices.save(one)
            await uow.commit()
    events = await all_events(database)
    assert len(events) == 12
    assert all(isinstance(event["payload"], dict) for event in events)
    assert (await stored(database, "11")).tags == ["11"]


async def test_concurrent_sessions_are_isolated(database: Database) -> None:
    await asyncio.gather(*(save(database, a_ledger(str(number))) for number in range(20)))
    assert await count(database) == 20


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_server_keeps_no_statement_of_an_ended_session(database: Database) -> None:
    prepared = Statement(
        text("SELECT count(*) AS n FROM pg_prepared_statements WHERE statement LIKE 'SELECT 7%'")
    )
    gc.disable()  # a server of ours collects seldom
    try:
        for number in range(30):
            async with unit(SqlInvoiceUnitOfWork, database) as uow:
                await uow.session().execute(text(f"SELECT 7{number}"))
                await uow.commit()
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            row = await uow._connection.fetch_one(prepared, {})
    finally:
        gc.enable()
    assert row is not None
    assert row["n"] <= 1


async def test_a_handler_writes_by_a_session_in_the_transaction_that_it_joined(
    database: Database,
) -> None:
    async with database.transaction() as connection:
        uow = unit(SqlInvoiceUnitOfWork, database).join(connection)
        uow.session().add(a_ledger())
        await uow.flush()
        await connection.commit()
    assert await count(database) == 1


def test_a_service_without_orm_sessions_does_not_import_the_orm() -> None:
    asked = "import sys, app.main; sys.exit('sqlalchemy.orm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0  # noqa: S603


# --- Versions -----------------------------------------------------------------------------------


async def test_the_second_concurrent_change_of_a_row_is_refused(database: Database) -> None:
    await save(database, a_ledger())
    first, second = await stored(database), await stored(database)

    async def change(ledger: Ledger, tag: str) -> None:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            uow.session().add(ledger)
            ledger.tags = [tag]
            await uow.commit()

    await change(first, "first")
    with pytest.raises(ConcurrentUpdate):
        await change(second, "second")

    again = await stored(database)
    assert (again.tags, again.version) == (["first"], 2)


async def test_a_concurrent_update_of_the_aggregate_rolls_back_the_rows(
    database: Database,
) -> None:
    one = an_invoice()
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        await uow.invoices.save(one)
        await uow.commit()
    one.version = 7

    async def work() -> None:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            uow.session().add(a_ledger())
            await uow.session().flush()
            await uow.invoices.save(one)
            await uow.commit()

    with pytest.raises(ConcurrentUpdate):
        await work()
    assert await count(database) == 0


# --- With an Idempotency-Key ----------------------------------------------------------------------


@pytest.fixture
def a_request() -> Iterator[None]:
    with request_at_hand(request_id="request-0001"):
        yield


@pytest.mark.usefixtures("a_request")
async def test_a_call_with_a_key_writes_the_rows_of_its_session_once(database: Database) -> None:
    user_id, store = new_id(), SqlIdempotencyStore(database, IdempotencyQuota(1_000_000))

    async def do() -> Answer:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            one = an_invoice()
            one.send()
            await uow.invoices.save(one)
            uow.session().add(a_ledger())
            await uow.commit()
        assert await count(database) == 0  # it is committed with the answer
        return Answer(201, [], b"{}")

    for _ in range(2):
        call = IdempotentCall(user_id=user_id, operation="POST", key="one", fingerprint="")
        assert (await run_once(call, store, do)).status == 201

    assert await count(database) == 1
    assert len(await all_events(database)) == 1


# --- Errors and limits of time --------------------------------------------------------------------


async def test_a_statement_of_the_session_has_as_much_time_as_any_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "SELECT pg_sleep(30)"
    if isinstance(database, SqliteDatabase):
        slow = (
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n"
        )
        monkeypatch.setattr(database, "_timeout", 0.2)

    async def work() -> None:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            if not isinstance(database, SqliteDatabase):
                await uow.session().execute(text("SET LOCAL statement_timeout = 200"))
            await uow.session().execute(text(slow))

    with pytest.raises(DatabaseUnavailable):
        await asyncio.wait_for(work(), 10)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_server_that_becomes_unreachable_is_an_outage(database: Database) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        session = uow.session()
        with pytest.raises(DatabaseUnavailable):
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        with pytest.raises(DatabaseUnavailable):
            await session.execute(text("SELECT 1"))
    await save(database, a_ledger())
    assert await count(database) == 1


async def test_an_invalid_statement_is_a_defect_and_no_outage(
    database: Database,
) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        with pytest.raises(Exception, match="no_such_table") as failure:
            await uow.session().execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(failure.value, DatabaseUnavailable | IntegrityViolation)


async def test_an_error_does_not_quote_the_values_of_a_row(database: Database) -> None:
    await save(database, a_ledger("a secret name"))
    with pytest.raises(IntegrityViolation) as refusal:
        await save(database, a_ledger("a secret name"))
    assert "secret" not in str(refusal.value)


# --- Traces -------------------------------------------------------------------------------------


async def test_statements_of_a_session_are_in_the_trace_of_who_runs_them(
    database: Database,
) -> None:
    await save(database, a_ledger())
    with (
        traced() as kept,
        request_at_hand() as work,
        tracing.attempt(work, "note.written", UUID(int=1), handler="note.read", number=1),
    ):
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            await uow.session().execute(text("SELECT 'c4n4ry'"))
            uow.session().add(a_ledger())
            with pytest.raises(IntegrityViolation):
                await uow.commit()
    spans = {span.name: span for span in kept.get_finished_spans()}
    assert {"SQL", "INSERT tested_ledger"} <= spans.keys()
    assert "error.type" in (spans["INSERT tested_ledger"].attributes or {})
    assert not any("c4n4ry" in span.to_json() for span in spans.values())
