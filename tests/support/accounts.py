"""Accounts and sessions, written directly into storage: by HTTP they need three requests."""

import datetime as dt

import httpx2

from app.container import ApplicationContainer
from app.modules.user.domain.entities import FullName, Role, User
from app.modules.user.domain.sessions import RefreshToken, Session
from app.shared.domain.value_objects import EmailAddress
from tests.support.people import Person


def an_account(
    name: str,
    *,
    is_verified: bool = True,
    password_hash: str = "",
    roles: frozenset[str] = frozenset({Role.USER}),
) -> User:
    """An account as loaded from storage: without events. Without a hash no password matches."""
    now = dt.datetime.now(dt.UTC)
    user = User.register(
        email=EmailAddress(f"{name}@example.com"),
        full_name=FullName(f"{name.title()} Example"),
        password_hash=password_hash,
        now=now,
    )
    if is_verified:
        user.verify(now=now)
    user.give_roles(roles, now=now)
    user.pull_events()
    return user


async def save(container: ApplicationContainer, user: User) -> User:
    async with container.user.uow() as uow:
        await uow.users.save(user)
        await uow.commit()
    return user


async def sign_up(
    container: ApplicationContainer, client: httpx2.AsyncClient, user: User
) -> Person:
    """Store the account with a session, and return its owner, who uses the client."""
    limits = container.user.session_limits()
    session = Session.start(user.id, limits=limits, now=user.created_at)
    refresh = RefreshToken.make()
    async with container.user.uow() as uow:
        await uow.users.save(user)
        version = user.password_version
        assert await uow.sessions.start(session, refresh, password_version=version)
        await uow.commit()
    access = container.tokens().issue(user_id=user.id, session_id=session.id)
    return Person(client, access, refresh.secret, str(user.id))
