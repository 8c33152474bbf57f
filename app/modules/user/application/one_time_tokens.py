"""Issues and redeems one-time tokens, inside the caller's transaction."""

import datetime as dt

import structlog

from app.modules.user.domain.entities import User
from app.modules.user.domain.one_time_tokens import (
    Grant,
    InvalidToken,
    OneTimeToken,
    TokenKind,
    TokenLifetimes,
)
from app.modules.user.domain.repositories import UserUnitOfWork

log = structlog.get_logger("security")


async def issue(
    uow: UserUnitOfWork, user: User, kind: TokenKind, *, lifetimes: TokenLifetimes, now: dt.datetime
) -> OneTimeToken:
    """Return a new token for the account in its current state."""
    token = OneTimeToken.make()
    await uow.tokens.add(Grant.to(user, kind, token, until=now + lifetimes.of(kind)))
    return token


async def redeem(uow: UserUnitOfWork, secret: str, kind: TokenKind, *, now: dt.datetime) -> User:
    """Consume the token and all others of its kind; return its account. Raises InvalidToken."""
    grant = await uow.tokens.consume(OneTimeToken(secret), kind)
    user = None if grant is None else await uow.users.get(grant.user_id)
    if grant is None or user is None or not grant.is_good_for(user, now=now):
        log.warning("link refused", kind=kind.value, user_id=str(user.id) if user else None)
        raise InvalidToken
    await uow.tokens.forget(user.id, kind)
    return user
