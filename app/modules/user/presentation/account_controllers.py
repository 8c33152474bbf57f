"""The endpoints of an account's life. Their docstrings are the API's documentation."""

from dataclasses import dataclass

from starlette.responses import Response

from app.core.http.cookie_authentication import BrowserCookie
from app.core.http.parameters import CurrentActor, IfMatch
from app.core.http.schema_types import Id
from app.modules.user.application.dto import (
    AddressChange,
    Departure,
    EmailRequestView,
    PasswordChange,
    PasswordReset,
    PasswordWithToken,
    RoleAssignment,
    UserCommand,
    UserView,
)
from app.modules.user.application.usecases.administer_users import (
    ActivateUser,
    DeactivateUser,
    EndSessionsOf,
    SetRoles,
)
from app.modules.user.application.usecases.change_password import ChangePassword
from app.modules.user.application.usecases.confirm_email_change import ConfirmEmailChange
from app.modules.user.application.usecases.delete_account import DeleteAccount
from app.modules.user.application.usecases.read_users import ReadUser
from app.modules.user.application.usecases.rename_user import NewName, RenameUser
from app.modules.user.application.usecases.request_email_change import RequestEmailChange
from app.modules.user.application.usecases.request_link_by_email import RequestLinkByEmail
from app.modules.user.application.usecases.reset_password import ResetPassword
from app.modules.user.application.usecases.verify_email import VerifyEmail
from app.modules.user.presentation.schemas import (
    Address,
    Farewell,
    NewAddress,
    NewPassword,
    NewPasswordByToken,
    NewRoles,
    PasswordForLink,
    ProfileChanges,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryController:
    """The links that are sent by email."""

    request_verification: RequestLinkByEmail
    verify: VerifyEmail
    request_reset: RequestLinkByEmail
    reset: ResetPassword
    confirm: ConfirmEmailChange

    async def verify_email(self, body: PasswordForLink) -> None:
        """Verify an email address.

        It takes the token of the email and the password of the registration, and opens the account.
        All other registrations for the address become invalid.
        """
        await self.verify.execute(PasswordWithToken(**dict(body)))

    async def resend_verification(self, body: Address) -> EmailRequestView:
        """Resend the email that verifies an address.

        The answer is the same whether or not one is sent.
        """
        return await self.request_verification.execute(body.email)

    async def request_password_reset(self, body: Address) -> EmailRequestView:
        """Request an email to reset a forgotten password.

        The answer is the same whether or not one is sent.
        """
        return await self.request_reset.execute(body.email)

    async def reset_password(self, body: NewPasswordByToken) -> None:
        """Reset a password with the token of that email.

        It ends all sessions and API keys of the account.
        """
        await self.reset.execute(PasswordReset(**dict(body)))

    async def confirm_email(self, body: PasswordForLink) -> None:
        """Confirm a new email address of an account.

        It takes the token that was sent to the new address, and the account's password.
        """
        await self.confirm.execute(PasswordWithToken(**dict(body)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccountController:
    """What users do with their own account. Most of it requires the password again."""

    read: ReadUser
    rename: RenameUser
    password: ChangePassword
    request_email_change: RequestEmailChange
    delete_account: DeleteAccount
    cookie: BrowserCookie

    async def get(self, actor: CurrentActor) -> UserView:
        """Get your account."""
        return await self.read.execute(actor.user_id)

    async def update(self, actor: CurrentActor, version: IfMatch, body: ProfileChanges) -> UserView:
        """Update your account.

        Fields that you leave out stay as they are.
        """
        return await self.rename.execute(
            NewName(user_id=actor.user_id, version=version, full_name=body.full_name or None)
        )

    async def change_password(self, actor: CurrentActor, body: NewPassword) -> Response:
        """Change your password.

        It ends all your other sessions, and your API keys unless you send `keep_keys`. A browser
        gets another cookie.
        """
        value = await self.password.execute(PasswordChange(actor=actor, **dict(body)))
        return Response(status_code=204, headers=self.cookie.holding(value))

    async def change_email(self, actor: CurrentActor, body: NewAddress) -> EmailRequestView:
        """Change your email address.

        The new address replaces the old one when you confirm the email that is sent to it. The
        answer is the same whether or not another account has the address.
        """
        return await self.request_email_change.execute(AddressChange(actor=actor, **dict(body)))

    async def delete(self, actor: CurrentActor, body: Farewell) -> Response:
        """Delete your account.

        All that you own is deleted with it, for good. If your client or a proxy sends no body with
        DELETE, use `POST /users/me/delete`.
        """
        await self.delete_account.execute(Departure(actor=actor, **dict(body)))
        return Response(status_code=204, headers=self.cookie.forgotten())

    async def delete_by_post(self, actor: CurrentActor, body: Farewell) -> Response:
        """Delete your account by POST.

        The same as `DELETE /users/me`, for clients that send no body with DELETE.
        """
        return await self.delete(actor, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationController:
    """What administrators do with other users' accounts."""

    deactivate_user: DeactivateUser
    activate_user: ActivateUser
    assign_roles: SetRoles
    sign_out: EndSessionsOf

    async def deactivate(self, user_id: Id, actor: CurrentActor, version: IfMatch) -> UserView:
        """Deactivate an account.

        Its sessions end, and its user cannot sign in.
        """
        command = UserCommand(actor=actor, user_id=user_id, version=version)
        return await self.deactivate_user.execute(command)

    async def activate(self, user_id: Id, actor: CurrentActor, version: IfMatch) -> UserView:
        """Activate an account that was deactivated."""
        command = UserCommand(actor=actor, user_id=user_id, version=version)
        return await self.activate_user.execute(command)

    async def set_roles(
        self, user_id: Id, actor: CurrentActor, version: IfMatch, body: NewRoles
    ) -> UserView:
        """Set the roles of an account.

        The account loses the roles that you leave out.
        """
        command = UserCommand(actor=actor, user_id=user_id, version=version)
        return await self.assign_roles.execute(RoleAssignment(command=command, roles=body.roles))

    async def end_sessions(self, user_id: Id, actor: CurrentActor) -> None:
        """End all sessions of an account.

        The account stays active, and its API keys stay.
        """
        await self.sign_out.execute(UserCommand(actor=actor, user_id=user_id, version=None))
