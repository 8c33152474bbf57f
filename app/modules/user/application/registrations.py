"""Opens the account of a registration, inside the caller's transaction."""

import datetime as dt

from app.modules.user.domain.entities import User
from app.modules.user.domain.one_time_tokens import InvalidToken
from app.modules.user.domain.registrations import Registration
from app.modules.user.domain.repositories import UserUnitOfWork


async def open_account(
    uow: UserUnitOfWork, registration: Registration, *, now: dt.datetime
) -> User:
    """Return the account; all other registrations of its address become invalid.

    Raises InvalidToken if another transaction was faster, and EmailTaken.
    """
    if not await uow.registrations.forget(registration.email):
        raise InvalidToken
    user = registration.open_account(now=now)
    await uow.users.save(user)
    return user
