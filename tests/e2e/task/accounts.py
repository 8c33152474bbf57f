"""Accounts, straight into the service's storage."""

import datetime as dt

from app.container import ApplicationContainer
from app.modules.user.domain.entities import FullName, User
from app.shared.domain.value_objects import EmailAddress


def an_account(name: str, *, is_verified: bool = True) -> User:
    now = dt.datetime.now(dt.UTC)
    user = User.register(
        email=EmailAddress(f"{name}@example.com"),
        full_name=FullName(f"{name.title()} Example"),
        password_hash="",
        now=now,
    )
    if is_verified:
        user.verify(now=now)
    user.pull_events()
    return user


async def save(container: ApplicationContainer, user: User) -> User:
    async with container.user.uow() as uow:
        await uow.users.save(user)
        await uow.commit()
    return user
