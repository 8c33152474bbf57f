"""The URL table of the user module."""

from app.core.exceptions import ConcurrentUpdate
from app.core.routing import API, ApiRouter
from app.core.security import AUTHENTICATED, PUBLIC, scope
from app.modules.user.domain.entities import (
    InvalidCredentials,
    InvalidRefreshToken,
    LastAdministrator,
    OwnAccount,
    ReauthFailed,
    UserNotFound,
)
from app.modules.user.domain.one_time_tokens import InvalidToken
from app.modules.user.domain.passwords import WeakPassword
from app.modules.user.presentation.account_controllers import (
    AdministrationController,
    OwnAccountController,
    RecoveryController,
)
from app.modules.user.presentation.controllers import AuthController, UserController

ADMIN = scope("user:admin")
CHECKED = [ReauthFailed, ConcurrentUpdate]


def auth_routes(auth: AuthController) -> ApiRouter:
    router = ApiRouter(f"{API}/auth", tags=["auth"])
    router.post("/register", auth.register, access=PUBLIC, status_code=202, raises=[WeakPassword])
    router.post("/token", auth.sign_in, access=PUBLIC, raises=[InvalidCredentials])
    router.post("/refresh", auth.refresh, access=PUBLIC, raises=[InvalidRefreshToken])
    router.post("/logout", auth.sign_out, access=AUTHENTICATED, status_code=204)
    return router


def recovery_routes(recovery: RecoveryController) -> ApiRouter:
    router = ApiRouter(f"{API}/auth", tags=["auth"])
    spent = {"access": PUBLIC, "status_code": 204}
    asked = {"access": PUBLIC, "status_code": 202}
    router.post("/verify-email", recovery.verify, **spent, raises=[InvalidToken])
    router.post("/verify-email/resend", recovery.resend, **asked)
    router.post("/password/forgot", recovery.forgot, **asked)
    router.post("/password/reset", recovery.reset, **spent, raises=[InvalidToken, WeakPassword])
    router.post("/email/confirm", recovery.confirm, **spent, raises=[InvalidToken])
    return router


def user_routes(
    users: UserController, own: OwnAccountController, administration: AdministrationController
) -> ApiRouter:
    router = ApiRouter(f"{API}/users", tags=["users"])
    mine = {"access": AUTHENTICATED, "status_code": 204}
    router.get("/me", users.me, access=AUTHENTICATED)
    router.patch("/me", users.change_me, access=AUTHENTICATED)
    router.put("/me/password", own.password, **mine, raises=[*CHECKED, WeakPassword])
    router.put("/me/email", own.email, access=AUTHENTICATED, status_code=202, raises=CHECKED)
    router.delete("/me", own.delete, **mine, raises=[*CHECKED, LastAdministrator])
    router.post("/me/delete", own.delete, **mine, raises=[*CHECKED, LastAdministrator])
    router.get("", users.list, access=ADMIN)
    router.get("/{user_id}", users.get, access=ADMIN, raises=[UserNotFound])
    router.post(
        "/{user_id}/deactivate",
        administration.deactivate,
        access=ADMIN,
        raises=[UserNotFound, OwnAccount, LastAdministrator],
    )
    router.post("/{user_id}/activate", administration.activate, access=ADMIN, raises=[UserNotFound])
    router.put(
        "/{user_id}/roles",
        administration.roles,
        access=ADMIN,
        raises=[UserNotFound, LastAdministrator],
    )
    return router
