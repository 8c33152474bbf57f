"""The URL table of the user module."""

from app.core.admission import Importance
from app.core.exceptions import ConcurrentUpdate, QuotaExceeded
from app.core.http.routing import API, ApiRouter
from app.core.http.token_route import TokenRoute
from app.core.limits import HOUR, MINUTE, Limit
from app.core.security import AUTHENTICATED, OWN_ORIGIN, PUBLIC, scope
from app.modules.user.application.usecases.issue_tokens import REFRESHES, SIGN_INS
from app.modules.user.domain.entities import (
    InvalidCredentials,
    LastAdministrator,
    OwnAccount,
    ReauthFailed,
    UserNotFound,
)
from app.modules.user.domain.keys import KeyNotFound
from app.modules.user.domain.one_time_tokens import InvalidToken
from app.modules.user.domain.passwords import SamePassword, WeakPassword
from app.modules.user.domain.registrations import WrongPassword
from app.modules.user.domain.sessions import InvalidRefreshToken, SessionNotFound
from app.modules.user.presentation.account_controllers import (
    AdministrationController,
    OwnAccountController,
    RecoveryController,
)
from app.modules.user.presentation.controllers import AuthController, UserController
from app.modules.user.presentation.session_controllers import KeyController, SessionController

ADMIN = scope("user:admin")
CHECKED = [ReauthFailed, ConcurrentUpdate]
REFUSED_PASSWORDS = [WeakPassword, SamePassword]
ENDS_BROWSER = ["Set-Cookie", "Clear-Site-Data"]

# For one client address.
REGISTRATIONS = Limit("register", 20, per=HOUR)
EMAILS = Limit("emails", 20, per=HOUR)
EMAILED_TOKENS = Limit("emailed_tokens", 30, per=5 * MINUTE)


def auth_routes(auth: AuthController) -> ApiRouter:
    router = ApiRouter(
        f"{API}/auth",
        tags=["auth"],
        description="Registration, tokens, and the links that are sent by email.",
    )
    router.post(
        "/register",
        auth.register,
        access=PUBLIC,
        limit=REGISTRATIONS,
        status_code=202,
        raises=[WeakPassword],
    )
    router.post(
        "/token",
        auth.issue_tokens,
        access=PUBLIC,
        importance=Importance.NORMAL,
        route_class=TokenRoute,
    )
    router.post(
        "/refresh",
        auth.refresh,
        access=PUBLIC,
        limit=REFRESHES,
        importance=Importance.CRITICAL,
        raises=[InvalidRefreshToken],
    )
    return router


def session_routes(sessions: SessionController) -> ApiRouter:
    router = ApiRouter(
        f"{API}/auth", tags=["sessions"], description="Your sessions, and sign-in for browsers."
    )
    router.post(
        "/cookie",
        sessions.sign_in_browser,
        access=OWN_ORIGIN,
        limit=SIGN_INS,
        importance=Importance.NORMAL,
        status_code=204,
        sends=["Set-Cookie"],
        raises=[InvalidCredentials],
    )
    router.post(
        "/logout",
        sessions.sign_out,
        access=AUTHENTICATED,
        importance=Importance.CRITICAL,
        replayable=False,
        status_code=204,
        sends=ENDS_BROWSER,
    )
    router.get("/sessions", sessions.list, access=AUTHENTICATED)
    router.delete("/sessions", sessions.end_others, access=AUTHENTICATED, status_code=204)
    router.delete(
        "/sessions/{session_id}",
        sessions.end,
        access=AUTHENTICATED,
        status_code=204,
        raises=[SessionNotFound],
    )
    return router


def key_routes(keys: KeyController) -> ApiRouter:
    router = ApiRouter(
        f"{API}/auth/keys", tags=["keys"], description="Your API keys, for programs."
    )
    router.post(
        "",
        keys.create,
        access=AUTHENTICATED,
        status_code=201,
        replayable=False,  # the answer contains the key, which is not stored
        raises=[ReauthFailed, QuotaExceeded],
    )
    router.get("", keys.list, access=AUTHENTICATED)
    router.delete(
        "/{key_id}", keys.delete, access=AUTHENTICATED, status_code=204, raises=[KeyNotFound]
    )
    return router


def recovery_routes(recovery: RecoveryController) -> ApiRouter:
    router = ApiRouter(f"{API}/auth", tags=["auth"])
    spent = {"access": PUBLIC, "status_code": 204, "limit": EMAILED_TOKENS}
    asked = {"access": PUBLIC, "status_code": 202, "limit": EMAILS}
    linked = [InvalidToken, WrongPassword]
    router.post("/verify-email", recovery.verify_email, **spent, raises=linked)
    router.post("/verify-email/resend", recovery.resend_verification, **asked)
    router.post("/password/forgot", recovery.request_password_reset, **asked)
    reset = [InvalidToken, *REFUSED_PASSWORDS]
    router.post("/password/reset", recovery.reset_password, **spent, raises=reset)
    router.post("/email/confirm", recovery.confirm_email, **spent, raises=linked)
    return router


def account_routes(own: OwnAccountController) -> ApiRouter:
    router = ApiRouter(f"{API}/users/me", tags=["account"], description="Your own account.")
    mine = {"access": AUTHENTICATED, "status_code": 204}
    router.get("", own.get, access=AUTHENTICATED)
    router.patch("", own.update, access=AUTHENTICATED)
    router.put(
        "/password",
        own.change_password,
        **mine,
        sends=["Set-Cookie"],
        raises=[*CHECKED, *REFUSED_PASSWORDS],
    )
    router.put("/email", own.change_email, access=AUTHENTICATED, status_code=202, raises=CHECKED)
    router.delete("", own.delete, **mine, sends=ENDS_BROWSER, raises=[*CHECKED, LastAdministrator])
    router.post(
        "/delete",
        own.delete_by_post,
        **mine,
        sends=ENDS_BROWSER,
        replayable=False,  # after it there is no user who could repeat it
        raises=[*CHECKED, LastAdministrator],
    )
    return router


def user_routes(users: UserController) -> ApiRouter:
    router = ApiRouter(
        f"{API}/users", tags=["users"], description="For administrators: the accounts of all users."
    )
    router.get("", users.list, access=ADMIN)
    router.get("/{user_id}", users.get, access=ADMIN, raises=[UserNotFound])
    return router


def administration_routes(administration: AdministrationController) -> ApiRouter:
    router = ApiRouter(f"{API}/users/{{user_id}}", tags=["users"])
    router.post(
        "/deactivate",
        administration.deactivate,
        access=ADMIN,
        replayable=False,  # the answer is another user's account, and If-Match detects a repetition
        raises=[UserNotFound, OwnAccount, LastAdministrator],
    )
    router.post(
        "/activate",
        administration.activate,
        access=ADMIN,
        replayable=False,  # the same
        raises=[UserNotFound],
    )
    router.put(
        "/roles",
        administration.set_roles,
        access=ADMIN,
        raises=[UserNotFound, LastAdministrator],
    )
    router.delete(
        "/sessions",
        administration.end_sessions,
        access=ADMIN,
        status_code=204,
        raises=[UserNotFound],
    )
    return router
