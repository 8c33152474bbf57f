"""The URL table of the user module."""

from app.core.exceptions import ConcurrentUpdate
from app.core.routing import API, ApiRouter
from app.core.security import AUTHENTICATED, PUBLIC, scope
from app.modules.user.application.usecases.read_users import UserNotFound
from app.modules.user.domain.entities import InvalidCredentials, InvalidRefreshToken, WeakPassword
from app.modules.user.presentation.controllers import AuthController, UserController


def auth_routes(auth: AuthController) -> ApiRouter:
    router = ApiRouter(f"{API}/auth", tags=["auth"])
    router.post("/register", auth.register, access=PUBLIC, status_code=202, raises=[WeakPassword])
    router.post("/token", auth.sign_in, access=PUBLIC, raises=[InvalidCredentials])
    router.post("/refresh", auth.refresh, access=PUBLIC, raises=[InvalidRefreshToken])
    router.post("/logout", auth.sign_out, access=AUTHENTICATED, status_code=204)
    return router


def user_routes(users: UserController) -> ApiRouter:
    router = ApiRouter(f"{API}/users", tags=["users"])
    router.get("/me", users.me, access=AUTHENTICATED)
    router.patch("/me", users.change_me, access=AUTHENTICATED, raises=[ConcurrentUpdate])
    router.get("", users.list, access=scope("user:admin"))
    router.get("/{user_id}", users.get, access=scope("user:admin"), raises=[UserNotFound])
    return router
