"""What is special about the repository of users."""

import pytest

from app.modules.user.domain.entities import EmailTaken, User
from app.modules.user.infrastructure.repositories import SqlUserUnitOfWork
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.connection import Database
from tests.support.events import count_events
from tests.support.samples import a_full
from tests.support.units import unit

ANA, BRUNO = EmailAddress("ana@example.com"), EmailAddress("bruno@example.com")


async def save(database: Database, user: User) -> None:
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.save(user)
        await uow.commit()


async def find(database: Database, email: EmailAddress) -> User | None:
    async with unit(SqlUserUnitOfWork, database) as uow:
        return await uow.users.get_by_email(email)


async def test_an_account_is_found_by_its_address(database: Database) -> None:
    user = a_full(User, email=ANA)
    await save(database, user)
    assert await find(database, ANA) == user
    assert await find(database, BRUNO) is None


@pytest.mark.parametrize(
    ("typed", "other"),
    [("νίκος@example.com", "ΝΊΚΟΣ@example.com"), ("straße@example.com", "strasse@example.com")],
)
async def test_an_address_is_stored_as_typed_and_found_by_any_spelling(
    database: Database, typed: str, other: str
) -> None:
    await save(database, a_full(User, email=EmailAddress.parse(typed)))
    found = await find(database, EmailAddress.parse(other))
    assert found is not None
    assert found.email.value == typed
    with pytest.raises(EmailTaken):
        await save(database, a_full(User, email=EmailAddress.parse(other)))


async def test_an_address_belongs_to_one_account(database: Database) -> None:
    await save(database, a_full(User, email=ANA))
    with pytest.raises(EmailTaken):
        await save(database, a_full(User, email=ANA))
    assert await count_events(database) == 0


async def test_an_account_cannot_take_the_address_of_another(database: Database) -> None:
    user = a_full(User, email=BRUNO)
    await save(database, a_full(User, email=ANA))
    await save(database, user)
    user.email = ANA

    with pytest.raises(EmailTaken):
        await save(database, user)

    assert await find(database, BRUNO) == user
