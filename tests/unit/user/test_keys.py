import datetime as dt
import hashlib
import re
from typing import Any
from uuid import UUID

import pytest

from app.core.exceptions import Invalid
from app.modules.user.domain.events import KeyMade
from app.modules.user.domain.keys import ApiKey, KeyLimits, KeySecret

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MOMENT, DAY = dt.timedelta(microseconds=1), dt.timedelta(days=1)
LIMITS = KeyLimits(usual=90 * DAY, longest=365 * DAY, per_account=50)
OWNER = UUID(int=1)
READ = frozenset({"note:read"})
BOTH = READ | {"note:write"}


def a_key(secret: KeySecret, **changed: Any) -> ApiKey:
    usual = {"name": "Report", "scopes": READ, "allowed": BOTH, "expires_at": None}
    return ApiKey.make(OWNER, secret, **{**usual, "limits": LIMITS, "now": NOW, **changed})


def test_a_secret_has_the_shape_that_scanners_look_for() -> None:
    secret = KeySecret.make()
    assert re.fullmatch(r"alk_[0-9a-f]{12}_[0-9a-f]{64}", secret.text)
    assert KeySecret.make().text != secret.text


def test_what_is_shown_of_a_secret_is_all_but_the_secret() -> None:
    secret = KeySecret("alk_0123456789ab_" + "c" * 64)
    assert secret.prefix == "alk_0123456789ab"
    assert secret.fingerprint == hashlib.sha256(secret.text.encode()).hexdigest()
    assert secret.text not in repr(secret)


def test_a_new_key_is_its_owners_and_holds_no_secret() -> None:
    secret = KeySecret.make()
    key = a_key(secret, expires_at=NOW + MOMENT)
    assert (key.user_id, key.name, key.scopes) == (OWNER, "Report", READ)
    assert (key.prefix, key.fingerprint) == (secret.prefix, secret.fingerprint)
    assert (key.created_at, key.expires_at, key.last_used_at) == (NOW, NOW + MOMENT, None)
    assert key.pull_events() == [KeyMade(user_id=OWNER, key_id=key.id)]
    assert secret.text not in repr(key)
    assert secret.fingerprint not in repr(key)


def test_a_key_ends_when_keys_usually_do_unless_its_maker_says_when() -> None:
    assert a_key(KeySecret.make()).expires_at == NOW + 90 * DAY
    assert a_key(KeySecret.make(), expires_at=NOW + 365 * DAY).expires_at == NOW + 365 * DAY


@pytest.mark.parametrize("scopes", [BOTH, {"user:admin"}, {"note:read", "user:admin"}])
def test_a_key_does_not_outdo_its_owner(scopes: set[str]) -> None:
    with pytest.raises(Invalid) as error:
        a_key(KeySecret.make(), scopes=frozenset(scopes), allowed=READ)
    assert error.value.errors == [
        {
            "pointer": "/scopes",
            "code": "not_allowed",
            "detail": "must be permissions that you have",
        }
    ]


def test_a_key_may_do_all_that_its_owner_may() -> None:
    assert a_key(KeySecret.make(), scopes=BOTH).scopes == BOTH


@pytest.mark.parametrize("expires_at", [NOW, NOW - MOMENT, NOW + 365 * DAY + MOMENT])
def test_a_key_that_is_over_before_it_begins_or_lasts_too_long_is_refused(
    expires_at: dt.datetime,
) -> None:
    with pytest.raises(Invalid) as error:
        a_key(KeySecret.make(), expires_at=expires_at)
    assert error.value.errors == [
        {
            "pointer": "/expires_at",
            "code": "out_of_range",
            "detail": "must be in the future, and at most 365 days from now",
        }
    ]
