"""The endpoints of an account's life. Their docstrings are the API's documentation."""

import datetime as dt
from dataclasses import dataclass

from starlette.responses import Response

from app.core.browsers import FORGET_ALL, cookie_with
from app.core.parameters import CurrentActor, IfMatch
from app.core.wire import Id
from app.modules.user.application.dto import (
    AddressChange,
    Departure,
    MailView,
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
from app.modules.user.application.usecases.request_email_change import RequestEmailChange
from app.modules.user.application.usecases.request_letter import RequestLetter
from app.modules.user.application.usecases.reset_password import ResetPassword
from app.modules.user.application.usecases.verify_email import VerifyEmail
from app.modules.user.presentation.schemas import (
    Address,
    Farewell,
    NewAddress,
    NewPassword,
    NewPasswordByToken,
    PasswordForLink,
    Roles,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryController:
    """What is done with links that were sent by mail."""

    request_verification: RequestLetter
    verify_email: VerifyEmail
    request_reset: RequestLetter
    reset_password: ResetPassword
    confirm_email: ConfirmEmailChange

    async def verify(self, body: PasswordForLink) -> None:
        """Open the account: with the token of the mail, and the password of the registration.

        All other registrations for the address are void from then on.
        """
        await self.verify_email.execute(PasswordWithToken(**dict(body)))

    async def resend(self, body: Address) -> MailView:
        """Ask for that mail once more. The answer is the same whether or not one is sent."""
        return await self.request_verification.execute(body.email)

    async def forgot(self, body: Address) -> MailView:
        """Ask for a mail to set a new password. The answer does not tell whether one is sent."""
        return await self.request_reset.execute(body.email)

    async def reset(self, body: NewPasswordByToken) -> None:
        """Set a new password with the token of that mail. It ends all sessions and API keys."""
        await self.reset_password.execute(PasswordReset(**dict(body)))

    async def confirm(self, body: PasswordForLink) -> None:
        """Move an account to a new address, with the token that was sent there and its password."""
        await self.confirm_email.execute(PasswordWithToken(**dict(body)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccountController:
    """What one does with the own account, showing the password once more."""

    change_password: ChangePassword
    request_email_change: RequestEmailChange
    delete_account: DeleteAccount
    cookie_lasts: dt.timedelta

    async def password(self, actor: CurrentActor, body: NewPassword) -> Response:
        """Change your password. It ends all your other sessions, and your API keys.

        With `keep_keys` those stay. A browser gets another cookie.
        """
        value = await self.change_password.execute(PasswordChange(actor=actor, **dict(body)))
        return Response(status_code=204, headers=cookie_with(value, lasting=self.cookie_lasts))

    async def email(self, actor: CurrentActor, body: NewAddress) -> MailView:
        """Ask for another address. It takes the place of this one once its mail is confirmed.

        The answer is the same whether or not the address is taken.
        """
        return await self.request_email_change.execute(AddressChange(actor=actor, **dict(body)))

    async def delete(self, actor: CurrentActor, body: Farewell) -> Response:
        """Delete your account and your tasks, for good.

        For clients and proxies that send no body with DELETE there is `POST /users/me/delete`.
        """
        await self.delete_account.execute(Departure(actor=actor, **dict(body)))
        return Response(status_code=204, headers=FORGET_ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationController:
    """What administrators do with the accounts of others."""

    deactivate_user: DeactivateUser
    activate_user: ActivateUser
    set_roles: SetRoles
    end_sessions: EndSessionsOf

    async def deactivate(self, user_id: Id, actor: CurrentActor, version: IfMatch) -> UserView:
        """Close an account: its sessions end, and nobody can sign in to it."""
        command = UserCommand(actor=actor, user_id=user_id, version=version)
        return await self.deactivate_user.execute(command)

    async def activate(self, user_id: Id, actor: CurrentActor, version: IfMatch) -> UserView:
        """Open an account again."""
        command = UserCommand(actor=actor, user_id=user_id, version=version)
        return await self.activate_user.execute(command)

    async def roles(
        self, user_id: Id, actor: CurrentActor, version: IfMatch, body: Roles
    ) -> UserView:
        """Say what an account is trusted with. Roles that are left out are taken away."""
        command = UserCommand(actor=actor, user_id=user_id, version=version)
        return await self.set_roles.execute(
            RoleAssignment(command=command, roles=frozenset(body.roles))
        )

    async def sign_out(self, user_id: Id, actor: CurrentActor) -> None:
        """End all sessions of an account, which stays open. API keys stay."""
        await self.end_sessions.execute(UserCommand(actor=actor, user_id=user_id, version=None))
