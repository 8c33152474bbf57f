"""The user module, put together."""

import datetime as dt
from typing import Any

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Dependency, Factory, List, Object, Singleton

from app.core.events import EventRegistry
from app.core.limits import Limiter
from app.core.passwords import PasswordHasher
from app.core.security import AccessTokens
from app.modules.user.application import housekeeping
from app.modules.user.application.failed_credentials import FailedCredentials
from app.modules.user.application.failed_reauthentications import FailedReauthentications
from app.modules.user.application.failed_sign_ins import FailedSignIns, FailureLimits
from app.modules.user.application.handlers import (
    BY_MAIL,
    WhenUserDeactivatedDeleteTheirKeys,
    WhenUserDeactivatedEndTheirSessions,
)
from app.modules.user.application.letters import AccountLetters
from app.modules.user.application.passwords_of_links import PasswordOfLink
from app.modules.user.application.usecases import administer_users
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.authenticate_key import (
    AuthenticateBearer,
    AuthenticateKey,
)
from app.modules.user.application.usecases.change_password import ChangePassword
from app.modules.user.application.usecases.check_user import HasActiveUser
from app.modules.user.application.usecases.confirm_email_change import ConfirmEmailChange
from app.modules.user.application.usecases.create_admin import CreateAdmin
from app.modules.user.application.usecases.delete_account import DeleteAccount
from app.modules.user.application.usecases.find_contact import FindContact
from app.modules.user.application.usecases.manage_keys import CreateKey, DeleteKey, ListKeys
from app.modules.user.application.usecases.manage_sessions import (
    EndOtherSessions,
    EndSession,
    ListSessions,
)
from app.modules.user.application.usecases.note_use import NoteUse
from app.modules.user.application.usecases.read_users import ListUsers, ReadUser
from app.modules.user.application.usecases.reauthenticate import Reauthenticate
from app.modules.user.application.usecases.refresh_session import RefreshSession
from app.modules.user.application.usecases.register_user import RegisterUser
from app.modules.user.application.usecases.rename_user import RenameUser
from app.modules.user.application.usecases.request_email_change import RequestEmailChange
from app.modules.user.application.usecases.request_letter import (
    RESET,
    VERIFICATION,
    RequestLetter,
)
from app.modules.user.application.usecases.reset_password import ResetPassword
from app.modules.user.application.usecases.sign_in import SignIn
from app.modules.user.application.usecases.sign_in_browser import SignInBrowser
from app.modules.user.application.usecases.sign_out import SignOut
from app.modules.user.application.usecases.verify_email import VerifyEmail
from app.modules.user.application.usecases.verify_user import VerifyUser
from app.modules.user.domain.entities import Role
from app.modules.user.domain.events import EVENTS
from app.modules.user.domain.keys import KeyLimits
from app.modules.user.domain.one_time_tokens import TokenLifetimes
from app.modules.user.domain.passwords import PasswordRules
from app.modules.user.domain.sessions import SessionLimits
from app.modules.user.infrastructure.external import TemplatedAccountMails
from app.modules.user.infrastructure.keys import SqlKeyReader
from app.modules.user.infrastructure.readers import SqlUserReader
from app.modules.user.infrastructure.repositories import SqlUserUnitOfWork
from app.modules.user.presentation import routes
from app.modules.user.presentation.account_controllers import (
    AdministrationController,
    OwnAccountController,
    RecoveryController,
)
from app.modules.user.presentation.controllers import AuthController, UserController
from app.modules.user.presentation.session_controllers import KeyController, SessionController
from app.shared.application.base_usecase import Clock
from app.shared.application.mail import Mailer
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.wake import Wake

PERMISSIONS = {Role.ADMIN: {"user:admin"}}


def _each_with(
    argument: Singleton[AccountLetters], kinds: tuple[type, ...]
) -> list[Singleton[Any]]:
    return [Singleton(kind, argument) for kind in kinds]


class UserContainer(DeclarativeContainer):
    database: Dependency[Database] = Dependency()
    registry = Dependency(instance_of=EventRegistry)
    wake = Dependency(instance_of=Wake)
    clock: Dependency[Clock] = Dependency()
    hasher = Dependency(instance_of=PasswordHasher)
    tokens = Dependency(instance_of=AccessTokens)
    session_limits = Dependency(instance_of=SessionLimits)
    key_limits = Dependency(instance_of=KeyLimits)
    signing_keys = Dependency(instance_of=list)
    limiter: Dependency[Limiter] = Dependency()
    failure_limits = Dependency(instance_of=FailureLimits)
    failed_credentials = Dependency(instance_of=FailedCredentials)
    password_rules = Dependency(instance_of=PasswordRules)
    token_lifetimes = Dependency(instance_of=TokenLifetimes)
    keep_registrations = Dependency(instance_of=dt.timedelta)
    verified_at_once = Dependency(instance_of=bool)
    mailer: Dependency[Mailer] = Dependency()
    signed_by = Dependency(instance_of=str)
    links_begin_with = Dependency(instance_of=str)
    permissions_of = Dependency(instance_of=dict)

    uow = Factory(SqlUserUnitOfWork, database=database, registry=registry, wake=wake)
    reader = Singleton(SqlUserReader, database=database)
    key_reader = Singleton(SqlKeyReader, database=database)

    note_use = Singleton(NoteUse, uow=uow.provider, limits=session_limits, clock=clock)
    failures = Singleton(FailedSignIns, limiter=limiter, limits=failure_limits)
    authenticate = Singleton(
        Authenticate,
        tokens=tokens,
        reader=reader,
        permissions_of=permissions_of,
        note_use=note_use,
        failures=failed_credentials,
        clock=clock,
    )
    authenticate_bearer = Singleton(
        AuthenticateBearer,
        token=authenticate,
        key=Singleton(
            AuthenticateKey,
            reader=key_reader,
            permissions_of=permissions_of,
            note_use=note_use,
            failures=failed_credentials,
            clock=clock,
        ),
    )
    register = Singleton(
        RegisterUser,
        uow=uow.provider,
        hasher=hasher,
        rules=password_rules,
        limiter=limiter,
        clock=clock,
        verified_at_once=verified_at_once,
    )
    sign_in = Singleton(
        SignIn,
        uow=uow.provider,
        reader=reader,
        hasher=hasher,
        tokens=tokens,
        limits=session_limits,
        failures=failures,
        clock=clock,
    )
    refresh = Singleton(
        RefreshSession,
        uow=uow.provider,
        tokens=tokens,
        limits=session_limits,
        derived_with=signing_keys,
        clock=clock,
    )
    sign_out = Singleton(SignOut, uow=uow.provider, authenticate=authenticate, clock=clock)
    read = Singleton(ReadUser, reader=reader)
    list_users = Singleton(ListUsers, reader=reader)
    has_active_user = Singleton(HasActiveUser, reader=reader)
    find_contact = Singleton(FindContact, reader=reader)
    rename = Singleton(RenameUser, uow=uow.provider, clock=clock)
    create_admin = Singleton(CreateAdmin, uow=uow.provider, hasher=hasher, clock=clock)
    verify = Singleton(VerifyUser, uow=uow.provider, clock=clock)
    end_sessions = Singleton(administer_users.EndSessionsAt, uow=uow.provider, clock=clock)

    auth = Singleton(AuthController, register=register, sign_in=sign_in, refresh=refresh)
    sessions = Singleton(
        SessionController,
        sign_in=Singleton(SignInBrowser, sign_in, authenticate),
        leave=sign_out,
        list_sessions=Singleton(ListSessions, reader=reader, clock=clock),
        end_one=Singleton(EndSession, uow=uow.provider, authenticate=authenticate, clock=clock),
        end_all_others=Singleton(EndOtherSessions, uow=uow.provider, clock=clock),
        cookie_lasts=session_limits.provided.in_all,
    )
    reauthenticate = Singleton(
        Reauthenticate,
        reader=reader,
        hasher=hasher,
        failures=Singleton(FailedReauthentications, limiter=limiter, limits=failure_limits),
    )
    keys = Singleton(
        KeyController,
        create_key=Singleton(
            CreateKey,
            uow=uow.provider,
            reauthenticate=reauthenticate,
            limits=key_limits,
            clock=clock,
        ),
        list_keys=Singleton(ListKeys, reader=key_reader),
        delete_key=Singleton(DeleteKey, uow=uow.provider),
    )
    password_of_link = Singleton(PasswordOfLink, hasher=hasher, failures=failures)
    recovery = Singleton(
        RecoveryController,
        request_verification=Singleton(
            RequestLetter,
            uow=uow.provider,
            limiter=limiter,
            clock=clock,
            asked=Object(VERIFICATION),
        ),
        verify=Singleton(
            VerifyEmail, uow=uow.provider, password_of_link=password_of_link, clock=clock
        ),
        request_reset=Singleton(
            RequestLetter, uow=uow.provider, limiter=limiter, clock=clock, asked=Object(RESET)
        ),
        reset=Singleton(
            ResetPassword, uow=uow.provider, hasher=hasher, rules=password_rules, clock=clock
        ),
        confirm=Singleton(
            ConfirmEmailChange, uow=uow.provider, password_of_link=password_of_link, clock=clock
        ),
    )
    own = Singleton(
        OwnAccountController,
        read=read,
        rename=rename,
        password=Singleton(
            ChangePassword,
            uow=uow.provider,
            reauthenticate=reauthenticate,
            authenticate=authenticate,
            hasher=hasher,
            rules=password_rules,
            clock=clock,
        ),
        request_email_change=Singleton(
            RequestEmailChange,
            uow=uow.provider,
            reauthenticate=reauthenticate,
            limiter=limiter,
            clock=clock,
        ),
        delete_account=Singleton(
            DeleteAccount,
            uow=uow.provider,
            reauthenticate=reauthenticate,
            authenticate=authenticate,
            clock=clock,
        ),
        cookie_lasts=session_limits.provided.in_all,
    )
    administration = Singleton(
        AdministrationController,
        deactivate_user=Singleton(administer_users.DeactivateUser, uow=uow.provider, clock=clock),
        activate_user=Singleton(administer_users.ActivateUser, uow=uow.provider, clock=clock),
        assign_roles=Singleton(administer_users.SetRoles, uow=uow.provider, clock=clock),
        sign_out=Singleton(administer_users.EndSessionsOf, uow=uow.provider, clock=clock),
    )
    users = Singleton(UserController, read=read, list_users=list_users)
    routers = List(
        Singleton(routes.auth_routes, auth),
        Singleton(routes.session_routes, sessions),
        Singleton(routes.key_routes, keys),
        Singleton(routes.recovery_routes, recovery),
        Singleton(routes.account_routes, own),
        Singleton(routes.user_routes, users),
        Singleton(routes.administration_routes, administration),
    )
    mails = Singleton(
        TemplatedAccountMails, mailer=mailer, signed_by=signed_by, links_begin_with=links_begin_with
    )
    letters = Singleton(
        AccountLetters, uow=uow.provider, mails=mails, lifetimes=token_lifetimes, clock=clock
    )
    events = Object(EVENTS)
    handlers = List(
        Singleton(WhenUserDeactivatedEndTheirSessions, clock=clock),
        Singleton(WhenUserDeactivatedDeleteTheirKeys),
        Singleton(housekeeping.ForgetOldSessions, clock=clock),
        Singleton(housekeeping.ForgetOldKeys, clock=clock),
        Singleton(housekeeping.ForgetOldTokens, clock=clock),
        Singleton(housekeeping.ForgetOldRegistrations, clock=clock, keep=keep_registrations),
        Singleton(housekeeping.ForgetSpentRefreshTokens, clock=clock, limits=session_limits),
        Singleton(housekeeping.WhenUserDeletedForgetTheirAnswers),
        Singleton(housekeeping.WhenUserDeletedForgetTheirSessions),
        *_each_with(letters, BY_MAIL),
    )
