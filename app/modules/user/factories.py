"""Builds the module's controllers with many use cases, and what depends on settings."""

import datetime as dt
from collections.abc import Callable, Collection

from app.core.http.cookie_authentication import BrowserCookie
from app.core.identity.passwords import PasswordHasher
from app.core.limits import Limiter
from app.modules.user.application import housekeeping
from app.modules.user.application.emails import AccountEmails
from app.modules.user.application.failed_sign_ins import FailureLimits
from app.modules.user.application.handlers import (
    BY_EMAIL,
    WhenUserDeactivatedDeleteTheirKeys,
    WhenUserDeactivatedEndTheirSessions,
)
from app.modules.user.application.passwords_of_links import PasswordOfLink
from app.modules.user.application.readers import KeyReader, SessionReader, UserReader
from app.modules.user.application.usecases import administer_users
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.change_password import ChangePassword
from app.modules.user.application.usecases.confirm_email_change import ConfirmEmailChange
from app.modules.user.application.usecases.delete_account import DeleteAccount
from app.modules.user.application.usecases.manage_keys import CreateKey, DeleteKey, ListKeys
from app.modules.user.application.usecases.manage_sessions import (
    EndOtherSessions,
    EndSession,
    ListSessions,
)
from app.modules.user.application.usecases.read_users import ReadUser
from app.modules.user.application.usecases.reauthenticate import Reauthenticate
from app.modules.user.application.usecases.rename_user import RenameUser
from app.modules.user.application.usecases.request_email_change import RequestEmailChange
from app.modules.user.application.usecases.request_link_by_email import (
    RESET,
    VERIFICATION,
    RequestLinkByEmail,
)
from app.modules.user.application.usecases.reset_password import ResetPassword
from app.modules.user.application.usecases.sign_in import SignIn
from app.modules.user.application.usecases.sign_in_browser import SignInBrowser
from app.modules.user.application.usecases.sign_out import SignOut
from app.modules.user.application.usecases.verify_email import VerifyEmail
from app.modules.user.domain.keys import KeyLimits
from app.modules.user.domain.one_time_tokens import TokenLifetimes
from app.modules.user.domain.passwords import PasswordRules
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionLimits
from app.modules.user.presentation.account_controllers import (
    AdministrationController,
    OwnAccountController,
    RecoveryController,
)
from app.modules.user.presentation.session_controllers import KeyController, SessionController
from app.modules.user.settings import UserSettings
from app.shared.application.base_usecase import Clock

UnitOfWork = Callable[[], UserUnitOfWork]

# --- What the settings say ----------------------------------------------------------------------


def session_limits(settings: UserSettings) -> SessionLimits:
    return SessionLimits(
        idle=dt.timedelta(days=settings.session_idle_days),
        in_all=dt.timedelta(days=settings.session_max_days),
        at_once=settings.sessions_per_account,
    )


def key_limits(settings: UserSettings) -> KeyLimits:
    return KeyLimits(
        usual=dt.timedelta(days=settings.api_key_days),
        longest=dt.timedelta(days=settings.api_key_max_days),
        per_account=settings.api_keys_per_account,
    )


def token_lifetimes(settings: UserSettings) -> TokenLifetimes:
    return TokenLifetimes(
        verify=dt.timedelta(hours=settings.verification_hours),
        reset=dt.timedelta(minutes=settings.password_reset_minutes),
    )


def failure_limits(settings: UserSettings) -> FailureLimits:
    return FailureLimits(
        per_account=settings.sign_in_failures_per_account,
        per_client=settings.sign_in_failures_per_client,
        total=settings.sign_in_failures_total,
    )


# --- Controllers --------------------------------------------------------------------------------


def session_controller(
    *,
    uow: UnitOfWork,
    reader: SessionReader,
    authenticate: Authenticate,
    sign_in: SignIn,
    sign_out: SignOut,
    cookie: BrowserCookie,
    clock: Clock,
) -> SessionController:
    return SessionController(
        sign_in=SignInBrowser(sign_in, authenticate),
        leave=sign_out,
        list_sessions=ListSessions(reader, clock),
        end_one=EndSession(uow, authenticate, clock),
        end_all_others=EndOtherSessions(uow, clock),
        cookie=cookie,
    )


def key_controller(
    *,
    uow: UnitOfWork,
    reader: KeyReader,
    reauthenticate: Reauthenticate,
    limits: KeyLimits,
    clock: Clock,
) -> KeyController:
    return KeyController(
        create_key=CreateKey(uow=uow, reauthenticate=reauthenticate, limits=limits, clock=clock),
        list_keys=ListKeys(reader),
        delete_key=DeleteKey(uow),
    )


def recovery_controller(
    *,
    uow: UnitOfWork,
    hasher: PasswordHasher,
    rules: PasswordRules,
    password_of_link: PasswordOfLink,
    limiter: Limiter,
    clock: Clock,
) -> RecoveryController:
    return RecoveryController(
        request_verification=RequestLinkByEmail(
            uow=uow, limiter=limiter, clock=clock, asked=VERIFICATION
        ),
        verify=VerifyEmail(uow, password_of_link, clock),
        request_reset=RequestLinkByEmail(uow=uow, limiter=limiter, clock=clock, asked=RESET),
        reset=ResetPassword(uow, hasher, rules, clock),
        confirm=ConfirmEmailChange(uow, password_of_link, clock),
    )


def own_account_controller(
    *,
    uow: UnitOfWork,
    reader: UserReader,
    hasher: PasswordHasher,
    rules: PasswordRules,
    authenticate: Authenticate,
    reauthenticate: Reauthenticate,
    cookie: BrowserCookie,
    limiter: Limiter,
    clock: Clock,
) -> OwnAccountController:
    return OwnAccountController(
        read=ReadUser(reader),
        rename=RenameUser(uow, clock),
        password=ChangePassword(
            uow=uow,
            reauthenticate=reauthenticate,
            authenticate=authenticate,
            hasher=hasher,
            rules=rules,
            clock=clock,
        ),
        request_email_change=RequestEmailChange(
            uow=uow, reauthenticate=reauthenticate, limiter=limiter, clock=clock
        ),
        delete_account=DeleteAccount(uow, reauthenticate, authenticate, clock),
        cookie=cookie,
    )


def administration_controller(
    *, uow: UnitOfWork, roles: Collection[str], clock: Clock
) -> AdministrationController:
    return AdministrationController(
        deactivate_user=administer_users.DeactivateUser(uow, clock),
        activate_user=administer_users.ActivateUser(uow, clock),
        assign_roles=administer_users.SetRoles(uow, roles, clock),
        sign_out=administer_users.EndSessionsOf(uow, clock),
    )


# --- Handlers -----------------------------------------------------------------------------------


def handlers(
    *, settings: UserSettings, limits: SessionLimits, emails: AccountEmails, clock: Clock
) -> list[object]:
    return [
        WhenUserDeactivatedEndTheirSessions(clock),
        WhenUserDeactivatedDeleteTheirKeys(),
        housekeeping.ForgetOldSessions(clock),
        housekeeping.ForgetOldKeys(clock),
        housekeeping.ForgetOldTokens(clock),
        housekeeping.ForgetOldRegistrations(
            clock, keep=dt.timedelta(days=settings.registration_keep_days)
        ),
        housekeeping.ForgetSpentRefreshTokens(clock, limits),
        housekeeping.WhenUserDeletedForgetTheirAnswers(),
        housekeeping.WhenUserDeletedForgetTheirSessions(),
        *(handler(emails) for handler in BY_EMAIL),
    ]
