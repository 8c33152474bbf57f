"""The endpoints of the user module. Their docstrings are the API's documentation."""

from typing import Annotated

from fastapi import Form, Query

from app.core.http.parameters import IdempotencyKey, UserAgent
from app.core.http.schema_types import Id
from app.modules.user.application.dto import (
    Exchange,
    NewUser,
    RegistrationView,
    TokenPair,
    UserPageRequest,
    UserView,
)
from app.modules.user.application.usecases.issue_tokens import IssueTokens
from app.modules.user.application.usecases.read_users import ListUsers, ReadUser
from app.modules.user.application.usecases.refresh_session import RefreshSession
from app.modules.user.application.usecases.register_user import RegisterUser
from app.modules.user.domain.clients import client_named
from app.modules.user.domain.sessions import RefreshToken
from app.modules.user.presentation.schemas import (
    Refresh,
    Registration,
    TokenForm,
    UserPage,
)
from app.shared.application.dto import PaginatedResponse


class AuthController:
    """Registration, and the tokens of a session."""

    def __init__(
        self, register: RegisterUser, issue_tokens: IssueTokens, refresh: RefreshSession
    ) -> None:
        self._register, self._issue_tokens, self._refresh = register, issue_tokens, refresh

    async def register(self, body: Registration) -> RegistrationView:
        """Register an account.

        The answer is the same whether or not the address has an account. Its owner gets an email:
        with a link that opens the account, or about the account that exists. In the development
        profile without a mail server you can use the account at once.
        """
        return await self._register.execute(NewUser(**dict(body)))

    async def issue_tokens(
        self,
        form: Annotated[TokenForm, Form()],
        user_agent: UserAgent,
        repeat_key: IdempotencyKey,
    ) -> TokenPair:
        """Issue tokens for a password, or for a refresh token.

        This is the token endpoint of OAuth 2 (RFC 6749), with its grant types `password` and
        `refresh_token`. It ignores parameters that it does not know. The grant `refresh_token` is
        that of `/auth/refresh`, also with an `Idempotency-Key`.
        """
        grant = form.grant(client=client_named(user_agent), repeat_key=repeat_key)
        return await self._issue_tokens.execute(grant)

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
