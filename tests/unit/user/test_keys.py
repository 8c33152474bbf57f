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


def test_a_secret_has_the_form_that_scanners_search_for() -> None:
    secret = KeySecret.make()
    assert re.fullmatch(r"alk_[0-9a-f]{12}_[0-9a-f]{64}", secret.text)
    assert KeySecret.make().text != secret.text


def test_the_shown_prefix_does_not_contain_the_secret() -> None:
    secret = KeySecret("alk_0123456789ab_" + "c" * 64)
    assert secret.prefix == "alk_0123456789ab"
    assert secret.fingerprint == hashlib.sha256(secret.text.encode()).hexdigest()
    assert secret.text not in repr(secret)


def test_a_new_key_belongs_to_its_owner_and_contains_no_secret() -> None:
    secret = KeySecret.make()
    key = a_key(secret, expires_at=NOW + MOMENT)
    assert (key.user_id, key.name, key.scopes) == (OWNER, "Report", READ)
    assert (key.prefix, key.fingerprint) == (secret.prefix, secret.fingerprint)
    assert (key.created_at, key.expires_at, key.last_used_at) == (NOW, NOW + MOMENT, None)
    assert key.pull_events() == [KeyMade(user_id=OWNER, key_id=key.id)]
    assert secret.text not in repr(key)
    assert secret.fingerprint not in repr(key)


def test_a_key_expires_by_default_unless_a_time_is_given() -> None:
    assert a_key(KeySecret.make()).expires_at == NOW + 90 * DAY
    assert a_key(KeySecret.make(), expires_at=NOW + 365 * DAY).expires_at == NOW + 365 * DAY


@pytest.mark.parametrize("scopes", [BOTH, {"user:admin"}, {"note:read", "user:admin"}])
def test_a_key_cannot_have_more_permissions_than_its_owner(scopes: set[str]) -> None:
    with pytest.raises(Invalid) as error:
        a_key(KeySecret.make(), scopes=frozenset(scopes), allowed=READ)
    assert error.value.errors == [
        {
            "pointer": "/scopes",
            "code": "not_allowed",
            "detail": "must be permissions that you have",
        }
    ]


def test_a_key_can_have_all_permissions_of_its_owner() -> None:
    assert a_key(KeySecret.make(), scopes=BOTH).scopes == BOTH


@pytest.mark.parametrize("expires_at", [NOW, NOW - MOMENT, NOW + 365 * DAY + MOMENT])
def test_a_key_with_an_expiry_in_the_past_or_too_late_is_refused(
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
