"""The statements of users on full tables."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from app.modules.user.infrastructure import keys, one_time_tokens, readers, sessions
from tests.support.filling import ID, MINUTES_AGO, ROWS, as_id
from tests.support.manifest import Allowed, Plans

NOW: Final = dt.datetime.now(dt.UTC)

_USERS: Final = f"""
INSERT INTO "user" (id, version, created_at, updated_at, email, full_name, password_hash, roles,
    is_active, verified_at)
SELECT {ID}, 1, {MINUTES_AGO}, now(), 'ana.' || n || '@example.com', 'Ana Example', 'hash',
    CASE WHEN n % 20000 = 0 THEN '["admin", "user"]' ELSE '["user"]' END::jsonb, true, now()
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608 - all of it is written here, as below
_SESSIONS: Final = f"""
INSERT INTO user_session (id, user_id, started_at, expires_at, revoked_at, last_used_at, client,
    cookie_fingerprint)
SELECT {ID}, {as_id("1 + n % 50000")}, {MINUTES_AGO}, now() + n * interval '1 minute',
    CASE WHEN n % 10 = 0 THEN now() END, {MINUTES_AGO}, 'Firefox on Linux',
    CASE WHEN n % 10 = 1 THEN 'cookie-' || n END
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_REFRESH_TOKENS: Final = f"""
INSERT INTO refresh_token (fingerprint, session_id, spent_at, repeat_fingerprint)
SELECT 'token-' || n, {ID}, CASE WHEN n % 2 = 0 THEN now() END, 'repeat-' || n
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_ONE_TIME_TOKENS: Final = f"""
INSERT INTO one_time_token (fingerprint, kind, user_id, email, password_version, expires_at)
SELECT 'token-' || n, 'reset', {ID}, 'ana.' || n || '@example.com', 1,
    now() + n * interval '1 second' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_REGISTRATIONS: Final = f"""
INSERT INTO registration (id, version, created_at, updated_at, email, email_key, full_name,
    password_hash)
SELECT {ID}, 1, {MINUTES_AGO}, now(), 'ana.' || n || '@example.com',
    'ana.' || n || '@example.com', 'Ana Example', 'hash' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_REGISTRATION_TOKENS: Final = f"""
INSERT INTO registration_token
SELECT 'token-' || n, {ID}, now() + n * interval '1 minute' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
_API_KEYS: Final = f"""
INSERT INTO api_key (id, user_id, name, prefix, fingerprint, scopes, created_at, expires_at)
SELECT {ID}, {as_id("1 + n % 50000")}, 'ci', 'key-' || n, 'key-' || n,
    '["note:read"]', now(), now() + n * interval '1 minute' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608

_VALUES: Final[dict[str, Any]] = {
    "email": "ana.40001@example.com",
    "email_key": "ana.40001@example.com",
    "full_name": "Ana Example",
    "password_hash": "hash",
    "old_hash": "hash",
    "password_version": 1,
    "roles": ["user"],
    "is_active": True,
    "verified_at": NOW,
    "typed_email": None,
    "pending_email": None,
    "previous_email": None,
    "session_id": UUID(int=50_001),
    "started_at": NOW,
    "revoked_at": NOW,
    "last_used_at": NOW,
    "client": "Firefox on Linux",
    "cookie_fingerprint": None,
    "but": None,
    "presented": "token-60002",
    "repeat": "repeat-60002",
    "repeat_fingerprint": "repeat-1",
    "since": NOW - dt.timedelta(days=1),
    "spent_at": NOW,
    "key_id": UUID(int=50_001),
    "offset": 0,
}

PLANS: Final = Plans(
    fills=(
        _USERS,
        _SESSIONS,
        _REFRESH_TOKENS,
        _ONE_TIME_TOKENS,
        _REGISTRATIONS,
        _REGISTRATION_TOKENS,
        _API_KEYS,
    ),
    values=_VALUES,
    own={
        one_time_tokens.CONSUME: {"kind": "reset"},
        one_time_tokens.FORGET: {"kind": "reset"},
        sessions.START_SESSION: {"id": UUID(int=200_001)},
        sessions.REVOKE_COOKIE: {"presented": "cookie-50001"},
        sessions.REVOKE_BEYOND: {"most": 1},
        sessions.SPEND_TOKEN: {"presented": "token-60001"},
        keys.STATE: {"presented": "key-60001"},
    },
    allowed={
        readers.COUNT: Allowed(
            ROWS,
            "an administrator's numbered pages tell how many there are",
            may_read_through=True,
        ),
    },
)
