"""Functions that wait for the commit are called once after it, and never without it."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest
import structlog
from sqlalchemy import select

from app.core.context import WorkContext
from app.core.exceptions import Conflict
from app.core.idempotency import Answer, IdempotentCall, run_once
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.idempotency import SqlIdempotencyStore
from app.shared.infrastructure.idempotency_quota import IdempotencyQuota
from tests.integration.rows.invoices import SqlInvoiceUnitOfWork, an_invoice, invoice
from tests.support.requests import request_at_hand
from tests.support.units import unit

NUMBERS = Statement(select(invoice.c.number).order_by(invoice.c.number))


class Interrupted(Exception):
    """Another error in the middle."""


@pytest.fixture
def work() -> Iterator[WorkContext]:
    """The context of the current request."""
    with request_at_hand(request_id="request-0001") as work:
        yield work


class Seen:
    """Records what is stored at each call, as others see it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.numbers: list[list[str]] = []

    async def look(self) -> None:
        rows = await self._database.fetch_all(NUMBERS, {})
        self.numbers.append([row["number"] for row in rows])


@pytest.fixture
def seen(database: Database) -> Seen:
    return Seen(database)


async def create(database: Database, number: str) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        await uow.invoices.save(an_invoice(number=number))
        await uow.commit()


async def test_it_is_called_once_after_the_commit_and_sees_what_was_committed(
    database: Database, seen: Seen
) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        uow.after_commit(seen.look)
        await uow.invoices.save(an_invoice())
        await uow.commit()
        assert seen.numbers == []
    assert seen.numbers == [["2026-1"]]


async def test_several_are_called_in_order_and_need_not_be_coroutines(
    database: Database,
) -> None:
    calls: list[int] = []
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        for number in range(3):
            uow.after_commit(lambda number=number: calls.append(number))  # type: ignore[misc]
        await uow.commit()
    assert calls == [0, 1, 2]


async def test_it_may_begin_a_transaction_of_its_own(database: Database, seen: Seen) -> None:
    async with unit(SqlInvoiceUnitOfWork, database) as uow:
        uow.after_commit(lambda: create(database, "2026-2"))
        await uow.invoices.save(an_invoice())
        await uow.commit()
    await seen.look()
    assert seen.numbers == [["2026-1", "2026-2"]]


@pytest.mark.parametrize("is_interrupted", [True, False])
async def test_it_is_never_called_without_a_commit(
    database: Database, seen: Seen, *, is_interrupted: bool
) -> None:
    with suppress(Interrupted):
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            uow.after_commit(seen.look)
            await uow.invoices.save(an_invoice())
            if is_interrupted:
                raise Interrupted
    assert seen.numbers == []


async def test_it_is_never_called_if_the_commit_fails(database: Database, seen: Seen) -> None:
    await create(database, "2026-0")
    twin = an_invoice(number="2026-0")

    async def commit() -> None:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            uow.after_commit(seen.look)
            await uow.invoices.save(twin)
            await uow.commit()

    with pytest.raises(Exception, match="uq_tested_invoice_number"):
        await commit()
    assert seen.numbers == []


async def test_an_error_in_it_is_logged_and_the_others_are_called(
    database: Database, seen: Seen
) -> None:
    def fail() -> None:
        raise Interrupted

    with structlog.testing.capture_logs() as lines:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            uow.after_commit(fail)
            uow.after_commit(seen.look)
            await uow.invoices.save(an_invoice())
            await uow.commit()

    assert seen.numbers == [["2026-1"]]
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("after commit failed", "error")
    ]
    assert lines[0]["call"].endswith("fail")


async def test_the_log_of_a_failed_call_names_the_function_without_its_arguments(
    database: Database,
) -> None:
    def send(_token: str) -> None:
        raise Interrupted

    with structlog.testing.capture_logs() as lines:
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            uow.after_commit(partial(send, "secret"))
            await uow.invoices.save(an_invoice())
            await uow.commit()

    assert lines[0]["call"].endswith("send")
    assert "secret" not in str(lines)


async def test_an_error_after_the_commit_rolls_nothing_back(database: Database, seen: Seen) -> None:
    with suppress(Interrupted):
        async with unit(SqlInvoiceUnitOfWork, database) as uow:
            uow.after_commit(seen.look)
            await uow.invoices.save(an_invoice())
            await uow.commit()
            raise Interrupted
    assert seen.numbers == [["2026-1"]]


# --- With an Idempotency-Key, where the commit comes later ---------------------------------------


def a_call() -> IdempotentCall:
    return IdempotentCall(user_id=new_id(), operation="POST /invoices", key="one", fingerprint="")


@pytest.mark.usefixtures("work")
class TestWithAKey:
    async def test_it_is_called_once_when_the_answer_is_stored_too(
        self, database: Database, seen: Seen
    ) -> None:
        store = SqlIdempotencyStore(database, IdempotencyQuota(1_000_000))
        during: list[list[list[str]]] = []

        async def do() -> Answer:
            async with unit(SqlInvoiceUnitOfWork, database) as uow:
                uow.after_commit(seen.look)
                uow.after_commit(lambda: create(database, "2026-2"))
                await uow.invoices.save(an_invoice())
                await uow.commit()
            during.append(list(seen.numbers))
            return Answer(201, [], b"{}")

        call = a_call()
        for _ in range(2):
            again = IdempotentCall(
                user_id=call.user_id, operation=call.operation, key="one", fingerprint=""
            )
            assert (await run_once(again, store, do)).status == 201

        assert during == [[]]
        assert seen.numbers == [["2026-1"]]
        await seen.look()
        assert seen.numbers[-1] == ["2026-1", "2026-2"]

    async def test_it_is_called_if_the_use_case_commits_and_then_refuses(
        self, database: Database, seen: Seen
    ) -> None:
        async def do() -> Answer:
            async with unit(SqlInvoiceUnitOfWork, database) as uow:
                uow.after_commit(seen.look)
                await uow.invoices.save(an_invoice())
                await uow.commit()
            raise Conflict

        store = SqlIdempotencyStore(database, IdempotencyQuota(1_000_000))
        with pytest.raises(Conflict):
            await run_once(a_call(), store, do)
        assert seen.numbers == [["2026-1"]]

    async def test_it_is_never_called_if_there_is_no_answer(
        self, database: Database, seen: Seen
    ) -> None:
        async def do() -> Answer:
            async with unit(SqlInvoiceUnitOfWork, database) as uow:
                uow.after_commit(seen.look)
                await uow.invoices.save(an_invoice())
                await uow.commit()
            raise Interrupted

        store = SqlIdempotencyStore(database, IdempotencyQuota(1_000_000))
        with pytest.raises(Interrupted):
            await run_once(a_call(), store, do)
        assert seen.numbers == []
        await seen.look()
        assert seen.numbers == [[]]
