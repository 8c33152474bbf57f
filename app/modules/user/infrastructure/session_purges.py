"""Deletes sessions and their tokens in batches: one session may have a million tokens."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, bindparam, delete, select

from app.modules.user.infrastructure.tables import refresh_token, user_session
from app.shared.infrastructure.database.batches import delete_batch
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.expressions import one_of
from app.shared.infrastructure.database.statement import Statement

_SESSIONS: Final = 500
"""The number of sessions whose tokens are searched at once; `most` limits the tokens."""


def _is_old(c: Any) -> Any:
    return c.expires_at < bindparam("before")


def _is_of_user(c: Any) -> Any:
    return c.user_id == bindparam("of_user")


def _sessions(which: Callable[[Any], ColumnElement[bool]], *order_by: str) -> Select[Any]:
    found = user_session.alias("ended").c
    ordered = select(found.id).where(which(found)).order_by(*(found[name] for name in order_by))
    return ordered.limit(_SESSIONS)


def _tokens_of(sessions: Select[Any]) -> Statement:
    found = refresh_token.alias("found").c
    tokens = select(found.fingerprint).where(one_of(found.session_id, sessions))
    batch = tokens.limit(bindparam("most", type_=Integer))
    return Statement(delete(refresh_token).where(one_of(refresh_token.c.fingerprint, batch)))


def _all_of(sessions: Select[Any]) -> Statement:
    return Statement(delete(user_session).where(one_of(user_session.c.id, sessions)))


OLD_TOKENS = _tokens_of(_sessions(_is_old, "expires_at", "id"))
OLD_SESSIONS = _all_of(_sessions(_is_old, "expires_at", "id"))
TOKENS_OF = _tokens_of(_sessions(_is_of_user, "id"))
SESSIONS_OF = _all_of(_sessions(_is_of_user, "id"))
PURGE_SPENT = delete_batch(refresh_token, lambda c: c.spent_at < bindparam("before"), "spent_at")


async def purge_old(connection: Connection, *, before: dt.datetime, most: int) -> int:
    asked = {"before": before, "most": most}
    tokens = await connection.execute(OLD_TOKENS, asked)
    # Not while they have tokens: the foreign key would delete all of them in one statement.
    return tokens or await connection.execute(OLD_SESSIONS, asked)


async def purge_of(connection: Connection, user_id: UUID, *, most: int) -> int:
    asked = {"of_user": user_id, "most": most}
    return await connection.execute(TOKENS_OF, asked) or await connection.execute(
        SESSIONS_OF, asked
    )
