"""The endpoints of one's own sessions and keys. Their docstrings are the API's documentation."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from app.core.http.cookie_authentication import BrowserCookie
from app.core.http.parameters import CurrentActor, PresentedCookie, UserAgent
from app.core.http.schema_types import Id
from app.modules.user.application.dto import (
    BrowserSignIn,
    Credentials,
    KeyView,
    NewKey,
    NewKeyView,
    SessionView,
)
from app.modules.user.application.usecases.manage_keys import (
    CreateKey,
    DeleteKey,
    ListKeys,
    OneKey,
)
from app.modules.user.application.usecases.manage_sessions import (
    EndOtherSessions,
    EndSession,
    ListSessions,
    OneSession,
)
from app.modules.user.application.usecases.sign_in_browser import SignInBrowser
from app.modules.user.application.usecases.sign_out import SignOut
from app.modules.user.domain.clients import client_named
from app.modules.user.presentation.schemas import KeyDraft, SignInForm
from app.shared.application.dto.events import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionController:
    """Sign-in of browsers, sign-out, and the user's sessions."""

    sign_in: SignInBrowser
    leave: SignOut
    list_sessions: ListSessions
    end_one: EndSession
    end_all_others: EndOtherSessions
    cookie: BrowserCookie

    async def sign_in_browser(
        self,
        form: Annotated[SignInForm, Form()],
        user_agent: UserAgent,
        cookie: PresentedCookie,
    ) -> Response:
        """Sign in a browser.

        The answer sets the cookie `__Host-session`, and holds no token. The `Origin` must be this
        service's own. If the request has a session's cookie already, that session ends.
        """
        credentials = Credentials(
            email=form.username, password=form.password, client=client_named(user_agent)
        )
        value = await self.sign_in.execute(BrowserSignIn(credentials=credentials, cookie=cookie))
        return Response(status_code=204, headers=self.cookie.holding(value))

    async def sign_out(self, actor: CurrentActor) -> Response:
        """Sign out.

        This session ends: its tokens are refused from now on. A browser deletes the cookie and the
        stored data of the service's pages (`Clear-Site-Data`).
        """
        await self.leave.execute(actor)
        return Response(status_code=204, headers=self.cookie.forgotten())

    async def list(self, actor: CurrentActor) -> Listing[SessionView]:
        """List your sessions, the last used one first.

        `client` is the kind of program that signed in. `last_used_at` is when the session last got
        tokens; for a browser, its last request, to the minute.
        """
        return Listing(await self.list_sessions.execute(actor))

    async def end(self, session_id: Id, actor: CurrentActor) -> None:
        """End one of your sessions.

        Its tokens, or its cookie, are refused from now on.
        """
        await self.end_one.execute(OneSession(owner=actor, session_id=session_id))

    async def end_others(self, actor: CurrentActor) -> None:
        """End all your sessions except this one.

        API keys stay.
        """
        await self.end_all_others.execute(actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyController:
    """Keys for programs, which cannot sign in."""

    create_key: CreateKey
    list_keys: ListKeys
    delete_key: DeleteKey

    async def create(self, body: KeyDraft, actor: CurrentActor) -> NewKeyView:
        """Create an API key.

        Only this answer holds the key: the service does not store it. A key may do what its scopes
        and your own permissions both allow, at the time of each request.
        """
        return await self.create_key.execute(NewKey(owner=actor, **dict(body)))

    async def list(self, actor: CurrentActor) -> Listing[KeyView]:
        """List your API keys, oldest first.

        Keys that expired less than 30 days ago are in the list too.
        """
        return Listing(await self.list_keys.execute(actor))

    async def delete(self, key_id: Id, actor: CurrentActor) -> None:
        """Delete an API key.

        It is refused from now on.
        """
        await self.delete_key.execute(OneKey(owner=actor, key_id=key_id))
