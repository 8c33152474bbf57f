from uuid import uuid4

import pytest

from app.core.exceptions import Forbidden, SessionRequired
from app.core.security import AUTHENTICATED, PUBLIC, Access, Actor, scope


def somebody(*permissions: str) -> Actor:
    return Actor(uuid4(), uuid4(), frozenset(permissions))


@pytest.mark.parametrize("access", [PUBLIC, AUTHENTICATED])
def test_a_policy_without_a_permission_accepts_every_actor(access: Access) -> None:
    access.check(somebody())


def test_a_policy_with_a_permission_accepts_an_actor_who_has_it() -> None:
    scope("user:admin").check(somebody("note:write", "user:admin"))


@pytest.mark.parametrize("permission", ["user", "user:adm", "user:admin:all", "USER:ADMIN", ""])
def test_a_policy_with_a_permission_refuses_a_similar_one(permission: str) -> None:
    with pytest.raises(Forbidden):
        scope("user:admin").check(somebody(permission))


def test_only_the_public_policy_is_public() -> None:
    assert PUBLIC.is_public
    assert not AUTHENTICATED.is_public
    assert not scope("user:admin").is_public


def test_the_name_of_a_policy_is_its_permission() -> None:
    assert scope("note:write").name == "note:write"


def test_a_key_is_accepted_only_by_policies_with_a_permission() -> None:
    key = Actor(uuid4(), uuid4(), frozenset({"note:write"}), is_key=True)
    scope("note:write").check(key)
    with pytest.raises(Forbidden) as error:
        scope("note:read").check(key)
    assert not isinstance(error.value, SessionRequired)
    with pytest.raises(SessionRequired):
        AUTHENTICATED.check(key)
