"""Users, for the tests of the base."""

from typing import Final

from app.shared.domain.base_entity import new_id
from tests.modules.user.plans import PLANS
from tests.support.accounts import an_account, save
from tests.support.cast import ADMIN, Cast
from tests.support.manifest import Manifest, Thing
from tests.support.people import PASSWORD, Person

ROUTES: Final = """
POST   /api/v1/auth/email/confirm        public
POST   /api/v1/auth/cookie               own-origin
GET    /api/v1/auth/keys                 authenticated
POST   /api/v1/auth/keys                 authenticated
DELETE /api/v1/auth/keys/{key_id}        authenticated
POST   /api/v1/auth/logout               authenticated
POST   /api/v1/auth/password/forgot      public
POST   /api/v1/auth/password/reset       public
POST   /api/v1/auth/refresh              public
POST   /api/v1/auth/register             public
DELETE /api/v1/auth/sessions             authenticated
GET    /api/v1/auth/sessions             authenticated
DELETE /api/v1/auth/sessions/{session_id}  authenticated
POST   /api/v1/auth/token                public
POST   /api/v1/auth/verify-email         public
POST   /api/v1/auth/verify-email/resend  public

GET    /api/v1/users                     user:admin
DELETE /api/v1/users/me                  authenticated
GET    /api/v1/users/me                  authenticated
PATCH  /api/v1/users/me                  authenticated
POST   /api/v1/users/me/delete           authenticated
PUT    /api/v1/users/me/email            authenticated
PUT    /api/v1/users/me/password         authenticated
GET    /api/v1/users/{user_id}           user:admin
POST   /api/v1/users/{user_id}/activate    user:admin
POST   /api/v1/users/{user_id}/deactivate  user:admin
PUT    /api/v1/users/{user_id}/roles       user:admin
DELETE /api/v1/users/{user_id}/sessions    user:admin
"""


async def _sign_in_again(cast: Cast, _: str) -> str:
    known = set(await _sessions(cast))
    await Person.sign_in(cast.client, "ana@example.com")
    [session] = set(await _sessions(cast)) - known
    return session


async def _sessions(cast: Cast) -> list[str]:
    answer = await cast.owner.get("/auth/sessions")
    return [each["id"] for each in answer.json()["items"]]


async def _key(cast: Cast, _: str) -> str:
    draft = {"name": "Nightly report", "scopes": ["note:read"], "current_password": PASSWORD}
    return str((await cast.owner.post("/auth/keys", draft)).json()["id"])


async def _user(cast: Cast, who: str) -> str:
    if who != ADMIN:
        return cast.owner.id
    # Administrators close the account: one that no other test needs.
    return str((await save(cast.service.state.container, an_account(f"u{new_id().hex}"))).id)


MANIFEST: Final = Manifest(
    routes=ROUTES,
    things={
        "session_id": Thing(make=_sign_in_again),
        "key_id": Thing(make=_key),
        "user_id": Thing(make=_user, there_for=frozenset({ADMIN})),
    },
    bodies={"PUT /api/v1/users/{user_id}/roles": {"roles": ["user"]}},
    good_values={
        "scopes": ["note:read"],
        "email": "bruno@example.com",
        "password": "correct horse battery",
        "username": "bruno@example.com",
    },
    plans=PLANS,
)
