"""An aggregate and its children are read and saved together, in few statements."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, func, select

from app.core.exceptions import ConcurrentUpdate
from app.shared.infrastructure.child_rows import ChildRows
from app.shared.infrastructure.database.connection import Database, IntegrityViolation
from app.shared.infrastructure.database.statement import Statement
from tests.integration.rows.invoices import (
    Invoice,
    Line,
    Note,
    NoteTwice,
    SqlInvoiceUnitOfWork,
    a_line,
    an_invoice,
    invoice,
    invoice_line,
    invoice_note,
)
from tests.support.events import all_events
from tests.support.requests import request_at_hand
from tests.support.statements import recorded
from tests.support.units import unit

LINES = [a_line("roof", "1.50"), a_line("door", "-0.01"), a_line("wall", "99.99")]
ALL = Statement(select(invoice).order_by(invoice.c.number))


@pytest.fixture
async def stored(database: Database) -> Invoice:
    """Three lines and three notes."""
    notes = [Note("first"), Note("second"), Note("third")]
    return await save(database, an_invoice(lines=list(LINES), notes=notes))


async def save(database: Database, one: Invoice) -> Invoice:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        await uow.invoices.save(one)
        await uow.commit()
    return one


async def found(database: Database, id: UUID) -> Invoice:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        one = await uow.invoices.get(id)
    assert one is not None
    return one


@asynccontextmanager
async def changing(database: Database, id: UUID) -> AsyncIterator[Invoice]:
    """Read it, change it in the block, and save it, in one transaction."""
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        one = await uow.invoices.get(id)
        assert one is not None
        yield one
        await uow.invoices.save(one)
        await uow.commit()


async def count(database: Database, table: Table) -> int:
    row = await database.fetch_one(
        Statement(select(func.count().label("n")).select_from(table)), {}
    )
    return row["n"] if row else 0


# --- As they were saved -------------------------------------------------------------------------


async def test_children_come_back_as_they_were_saved_and_in_their_order(
    database: Database, stored: Invoice
) -> None:
    one = await found(database, stored.id)
    assert one.lines == LINES
    assert one.notes == stored.notes
    assert one.version == 1


async def test_an_aggregate_without_children_has_none(database: Database) -> None:
    one = await save(database, an_invoice())
    assert (await found(database, one.id)).lines == []


@pytest.mark.parametrize(
    "order",
    [[], [0], [2], [1, 0, 2], [2, 1, 0], [0, 2], [2, 0]],
    ids=lambda order: "".join(map(str, order)) or "none",
)
@pytest.mark.parametrize("more", [0, 1, 2], ids=["", "one more in front", "one more behind"])
async def test_children_may_be_added_removed_and_moved(
    database: Database, stored: Invoice, order: list[int], more: int
) -> None:
    async with changing(database, stored.id) as one:
        one.lines = [one.lines[place] for place in order]
        one.notes = [one.notes[place] for place in order]
        if more:
            one.lines.insert(0 if more == 1 else len(one.lines), a_line("new"))
            one.notes.insert(0 if more == 1 else len(one.notes), Note("new"))

    again = await found(database, stored.id)

    assert (again.lines, again.notes) == (one.lines, one.notes)
    assert again.version == 2


async def test_a_changed_child_is_saved_and_the_others_stay(
    database: Database, stored: Invoice
) -> None:
    async with changing(database, stored.id) as one:
        one.lines[1] = a_line("door", "20.00")
        one.notes[2].text = "last"

    again = await found(database, stored.id)

    assert again.lines == [LINES[0], a_line("door", "20.00"), LINES[2]]
    assert [note.text for note in again.notes] == ["first", "second", "last"]
    assert [note.id for note in again.notes] == [note.id for note in stored.notes]


async def test_children_are_saved_twice_in_one_transaction(
    database: Database, stored: Invoice
) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        one = await uow.invoices.get(stored.id)
        assert one is not None
        for name in ("once", "twice"):
            one.lines.append(a_line(name))
            await uow.invoices.save(one)
        await uow.commit()
    texts = [line.text for line in (await found(database, stored.id)).lines]
    assert texts == ["roof", "door", "wall", "once", "twice"]


async def test_an_aggregate_may_be_read_and_saved_in_different_transactions(
    database: Database, stored: Invoice
) -> None:
    one = await found(database, stored.id)
    one.lines = [a_line("all new")]
    del one.notes[0]
    await save(database, one)
    again = await found(database, stored.id)
    assert (again.lines, again.notes) == (one.lines, one.notes)


async def test_other_aggregates_keep_their_children(database: Database, stored: Invoice) -> None:
    other = await save(database, an_invoice(number="2026-2", lines=[a_line("theirs")]))
    async with changing(database, stored.id) as one:
        one.lines, one.notes = [], []
    assert (await found(database, other.id)).lines == [a_line("theirs")]


async def test_many_aggregates_have_each_their_own_children(
    database: Database, stored: Invoice
) -> None:
    await save(database, an_invoice(number="2026-0"))
    await save(database, an_invoice(number="2026-2", lines=[a_line("theirs")]))
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        several = await uow.invoices._find_all(ALL)
    assert [[line.text for line in one.lines] for one in several] == [
        [],
        ["roof", "door", "wall"],
        ["theirs"],
    ]


async def test_children_are_deleted_with_their_aggregate(
    database: Database, stored: Invoice
) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        one = await uow.invoices.get(stored.id)
        assert one is not None
        await uow.invoices.delete(one)
        await uow.commit()
    assert (await count(database, invoice_line), await count(database, invoice_note)) == (0, 0)


# --- Everything or nothing ----------------------------------------------------------------------


async def test_the_second_concurrent_change_of_the_children_is_refused(
    database: Database, stored: Invoice
) -> None:
    first, second = await found(database, stored.id), await found(database, stored.id)
    first.lines = [a_line("first")]
    second.lines = [*second.lines, a_line("second")]
    await save(database, first)

    with pytest.raises(ConcurrentUpdate):
        await save(database, second)

    again = await found(database, stored.id)
    assert (again.lines, again.version) == ([a_line("first")], 2)


async def test_each_of_many_concurrent_changes_of_the_children_is_kept_or_refused(
    database: Database, stored: Invoice
) -> None:
    async def add(number: int) -> bool:
        try:
            async with changing(database, stored.id) as one:
                one.lines.append(a_line(str(number)))
        except ConcurrentUpdate:
            return False
        return True

    kept = await asyncio.gather(*(add(number) for number in range(10)))

    again = await found(database, stored.id)
    texts = {line.text for line in again.lines}
    assert texts == {"roof", "door", "wall", *(str(n) for n, is_kept in enumerate(kept) if is_kept)}
    assert again.version == 1 + sum(kept)
    assert any(kept)


async def test_a_constraint_violated_by_a_child_is_an_error_of_the_domain(
    database: Database, stored: Invoice
) -> None:
    one = await found(database, stored.id)
    one.number = "2026-9"
    one.lines = []
    one.notes.append(Note("first"))
    one.send()

    with pytest.raises(NoteTwice):
        await save(database, one)

    again = await found(database, stored.id)
    assert (again.number, again.lines, again.version) == ("2026-1", LINES, 1)
    assert one.version == 1
    assert await all_events(database) == []


async def test_an_unmapped_constraint_stays_an_integrity_violation(
    database: Database, stored: Invoice
) -> None:
    other = an_invoice(number="2026-2", notes=[Note("taken", id=stored.notes[0].id)])
    with pytest.raises(IntegrityViolation) as refusal:
        await save(database, other)
    assert refusal.value.constraint == "pk_tested_invoice_note"


async def test_a_duplicate_child_is_reported_as_a_defect(database: Database) -> None:
    note = Note("twice")
    with pytest.raises(ValueError, match="two children have the same key"):
        await save(database, an_invoice(notes=[note, note]))


# --- How many statements ------------------------------------------------------------------------


async def statements_of(database: Database, one: Invoice, *lines: Line) -> list[str]:
    """Return the statements that read the invoice, set these lines, and save it."""
    async with recorded(database) as statements, unit(SqlInvoiceUnitOfWork, database) as uow:
        with request_at_hand(request_id="request-0001"):
            seen = await uow.invoices.get(one.id)
            assert seen is not None
            seen.lines = list(lines)
            await uow.invoices.save(seen)
        heard = await statements.without_transactions()
        await uow.commit()
    return [" ".join(sql.split()[:3]) for sql in heard]


READ = ["SELECT INVOICE.ID, INVOICE.VERSION,"]


async def test_reading_is_one_statement_and_one_for_each_child_table(
    database: Database, stored: Invoice
) -> None:
    for number in range(9):
        await save(database, an_invoice(number=str(number), lines=list(LINES)))
    async with recorded(database) as statements, unit(SqlInvoiceUnitOfWork, database) as uow:
        # Once unrecorded: a connection that knew the tables of another test runs statements again.
        await uow.invoices.get(stored.id)
        await uow.invoices._find_all(ALL)
        with request_at_hand(request_id="request-0001"):
            await uow.invoices.get(stored.id)
        assert len(await statements.without_transactions()) == 3
        await statements.forget()
        with request_at_hand(request_id="request-0001"):
            assert len(await uow.invoices._find_all(ALL)) == 10
        assert len(await statements.without_transactions()) == 3


async def test_saving_children_that_did_not_change_is_one_statement(
    database: Database, stored: Invoice
) -> None:
    said = await statements_of(database, stored, *LINES)
    assert [sql.split()[0] for sql in said] == ["SELECT"] * 3 + ["UPDATE"]


async def test_saving_a_new_aggregate_is_one_statement_for_it_and_one_for_all_lines(
    database: Database,
) -> None:
    one = an_invoice(lines=[a_line(str(number)) for number in range(50)])
    async with recorded(database) as statements, unit(SqlInvoiceUnitOfWork, database) as uow:
        with request_at_hand(request_id="request-0001"):
            await uow.invoices.save(one)
        said = await statements.without_transactions()
        await uow.commit()
    assert [sql.split("(")[0].strip() for sql in said] == [
        "INSERT INTO TESTED_INVOICE",
        "INSERT INTO TESTED_INVOICE_LINE",
    ]
    assert len((await found(database, one.id)).lines) == 50


async def test_only_what_changed_is_written_in_a_statement_for_each_kind_of_change(
    database: Database, stored: Invoice
) -> None:
    said = await statements_of(database, stored, LINES[0], a_line("other"), LINES[2], a_line("new"))
    assert said[3:] == [
        "UPDATE TESTED_INVOICE SET",
        "UPDATE TESTED_INVOICE_LINE SET",
        "INSERT INTO TESTED_INVOICE_LINE",
    ]
    one = await found(database, stored.id)
    said = await statements_of(database, one, one.lines[0])
    assert said[3:] == ["UPDATE TESTED_INVOICE SET", "DELETE FROM TESTED_INVOICE_LINE"]


async def test_removing_the_first_child_with_an_id_does_not_move_the_others(
    database: Database, stored: Invoice
) -> None:
    async with recorded(database) as statements, unit(SqlInvoiceUnitOfWork, database) as uow:
        with request_at_hand(request_id="request-0001"):
            one = await uow.invoices.get(stored.id)
            assert one is not None
            del one.notes[0]
            await uow.invoices.save(one)
        said = await statements.without_transactions()
        await uow.commit()
    assert [" ".join(sql.split()[:3]) for sql in said[4:]] == ["DELETE FROM TESTED_INVOICE_NOTE"]
    assert (await found(database, stored.id)).notes == one.notes


# --- Tables that do not fit ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [
        [Column("position", Integer)],
        [Column("parent_id", ForeignKey("parent.id")), Column("position", Integer)],
        [Column("parent_id", ForeignKey("parent.id", ondelete="CASCADE"))],
    ],
    ids=["no foreign key", "one that does not delete along", "no position"],
)
def test_a_table_unfit_for_child_rows_is_refused_by_its_name(
    columns: list[Column[UUID]],
) -> None:
    child = Table("child", MetaData(), Column("id", Integer, primary_key=True), *columns)
    with pytest.raises(TypeError, match="child: child rows need one foreign key"):
        ChildRows(child, to_row=dict, to_child=dict)
