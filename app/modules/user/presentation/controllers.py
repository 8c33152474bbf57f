"""The endpoints of the user module. Their docstrings are the API's documentation."""

from typing import Annotated

from fastapi import Form, Query

from app.core.http.parameters import IdempotencyKey, UserAgent
from app.core.http.schema_types import Id
from app.modules.user.application.dto import (
    Credentials,
    Exchange,
    NewUser,
    RegistrationView,
    TokenPair,
    UserPageRequest,
    UserView,
)
from app.modules.user.application.usecases.read_users import ListUsers, ReadUser
from app.modules.user.application.usecases.refresh_session import RefreshSession
from app.modules.user.application.usecases.register_user import RegisterUser
from app.modules.user.application.usecases.sign_in import SignIn
from app.modules.user.domain.clients import client_named
from app.modules.user.domain.sessions import RefreshToken
from app.modules.user.presentation.schemas import (
    Refresh,
    Registration,
    SignInForm,
    UserPage,
)
from app.shared.application.dto import PaginatedResponse


class AuthController:
    """Registration, and the tokens of a session."""

    def __init__(self, register: RegisterUser, sign_in: SignIn, refresh: RefreshSession) -> None:
        self._register, self._sign_in, self._refresh = register, sign_in, refresh

    async def register(self, body: Registration) -> RegistrationView:
        """Register an account.

        The answer is the same whether or not the address has an account. Its owner gets an email:
        with a link that opens the account, or about the account that exists. In the development
        profile without a mail server you can use the account at once.
        """
        return await self._register.execute(NewUser(**dict(body)))

    async def sign_in(
        self, form: Annotated[SignInForm, Form()], user_agent: UserAgent
    ) -> TokenPair:
        """Sign in with an address (as `username`) and a password."""
        return await self._sign_in.execute(
            Credentials(
                email=form.username, password=form.password, client=client_named(user_agent)
            )
        )

    async def refresh(self, body: Refresh, repeat_key: IdempotencyKey) -> TokenPair:
        """Refresh a session.

        You exchange its refresh token for a new pair of tokens. A refresh token works once; a
        second use ends the session. If you may lose the answer, send an `Idempotency-Key`: for a
        minute, the same token with the same key gives the same new refresh token.
        """
        return await self._refresh.execute(
            Exchange(token=RefreshToken(body.refresh_token), repeat_key=repeat_key)
        )


class UserController:
    """Accounts."""

    def __init__(self, read: ReadUser, list_users: ListUsers) -> None:
        self._read, self._list = read, list_users

    async def get(self, user_id: Id) -> UserView:
        """Get an account."""
        return await self._read.execute(user_id)

    async def list(self, query: Annotated[UserPage, Query()]) -> PaginatedResponse[UserView]:
        """List the accounts, oldest first."""
        return await self._list.execute(UserPageRequest(**dict(query)))
