"""Composition of the user module."""

from typing import Any

from dependency_injector.providers import Callable, Dependency, Factory, List, Object, Singleton

from app.core.events import EventRegistry
from app.core.http.cookie_authentication import BrowserCookie, CookieAuthentication
from app.core.identity.common_passwords import common_passwords
from app.core.identity.passwords import PasswordHasher
from app.core.limits import Limiter
from app.core.security import AccessTokens
from app.modules.user import factories
from app.modules.user.application.email_sender import AccountEmailSender
from app.modules.user.application.emails import AccountEmails
from app.modules.user.application.failed_credentials import FailedCredentials
from app.modules.user.application.failed_reauthentications import FailedReauthentications
from app.modules.user.application.failed_sign_ins import FailedSignIns, FailureLimits
from app.modules.user.application.passwords_of_links import PasswordOfLink
from app.modules.user.application.readers import KeyReader, SessionReader, UserReader
from app.modules.user.application.seed import SeedUsers
from app.modules.user.application.usecases.administer_users import EndSessionsAt, SetRolesAt
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.authenticate_key import (
    AuthenticateBearer,
    AuthenticateKey,
)
from app.modules.user.application.usecases.check_user import HasActiveUser
from app.modules.user.application.usecases.create_admin import CreateAdmin
from app.modules.user.application.usecases.find_contact import FindContact
from app.modules.user.application.usecases.issue_tokens import IssueTokens
from app.modules.user.application.usecases.read_users import ListUsers, ReadUser
from app.modules.user.application.usecases.reauthenticate import Reauthenticate
from app.modules.user.application.usecases.record_use import RecordUse
from app.modules.user.application.usecases.refresh_session import RefreshSession
from app.modules.user.application.usecases.register_user import RegisterUser
from app.modules.user.application.usecases.sign_in import SignIn
from app.modules.user.application.usecases.sign_out import SignOut
from app.modules.user.application.usecases.verify_user import VerifyUser
from app.modules.user.domain.entities import Role
from app.modules.user.domain.events import EVENTS
from app.modules.user.domain.keys import KeyLimits
from app.modules.user.domain.passwords import PasswordRules
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionLimits
from app.modules.user.infrastructure.external import TemplatedAccountEmailSender
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
from app.modules.user.settings import UserSettings
from app.shared.application.base_usecase import Clock
from app.shared.application.email import Mailer
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.module_container import ModuleContainer


class UserContainer(ModuleContainer):
    settings: Dependency[UserSettings] = Dependency(instance_of=UserSettings)
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    clock: Dependency[Clock] = Dependency()
    hasher: Dependency[PasswordHasher] = Dependency(instance_of=PasswordHasher)
    tokens: Dependency[AccessTokens] = Dependency(instance_of=AccessTokens)
    signing_keys: Dependency[list[str]] = Dependency(instance_of=list)
    limiter: Dependency[Limiter] = Dependency()
    local_limiter: Dependency[Limiter] = Dependency()
    mailer: Dependency[Mailer] = Dependency()
    app_name: Dependency[str] = Dependency(instance_of=str)
    links_begin_with: Dependency[str] = Dependency(instance_of=str)
    root_path: Dependency[str] = Dependency(instance_of=str)
    trusted_origins: Dependency[frozenset[bytes]] = Dependency(instance_of=frozenset)
    keeps_mail_here: Dependency[bool] = Dependency(instance_of=bool)
    permissions_of: Dependency[dict[str, frozenset[str]]] = Dependency(instance_of=dict)

    session_limits: Singleton[SessionLimits] = Singleton(factories.session_limits, settings)
    key_limits: Singleton[KeyLimits] = Singleton(factories.key_limits, settings)
    failure_limits: Singleton[FailureLimits] = Singleton(factories.failure_limits, settings)
    password_rules: Singleton[PasswordRules] = Singleton(
        PasswordRules, common=Object(common_passwords), product=app_name
    )

    uow: Factory[UserUnitOfWork] = Factory(
        SqlUserUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    reader: Singleton[UserReader] = Singleton(SqlUserReader, database=database)
    session_reader: Singleton[SessionReader] = Singleton(SqlUserReader, database=database)
    key_reader: Singleton[KeyReader] = Singleton(SqlKeyReader, database=database)

    # --- Authentication ---

    record_use: Singleton[RecordUse] = Singleton(
        RecordUse, uow=uow.provider, limits=session_limits, clock=clock
    )
    failed_credentials: Singleton[FailedCredentials] = Singleton(FailedCredentials, local_limiter)
    failures: Singleton[FailedSignIns] = Singleton(FailedSignIns, limiter, failure_limits)
    authenticate: Singleton[Authenticate] = Singleton(
        Authenticate,
        tokens=tokens,
        reader=reader,
        permissions_of=permissions_of,
        record_use=record_use,
        failures=failed_credentials,
        clock=clock,
    )
    authenticate_key: Singleton[AuthenticateKey] = Singleton(
        AuthenticateKey,
        reader=key_reader,
        permissions_of=permissions_of,
        record_use=record_use,
        failures=failed_credentials,
        clock=clock,
    )
    authenticate_bearer: Singleton[AuthenticateBearer] = Singleton(
        AuthenticateBearer, token=authenticate, key=authenticate_key
    )
    cookie_authentication: Singleton[CookieAuthentication] = Singleton(
        CookieAuthentication, authenticate.provided.by_cookie, trusted_origins, root_path
    )
    browser_cookie: Singleton[BrowserCookie] = Singleton(
        BrowserCookie, session_limits.provided.in_all, root_path
    )
    reauthenticate: Singleton[Reauthenticate] = Singleton(
        Reauthenticate,
        reader=reader,
        hasher=hasher,
        failures=Singleton(FailedReauthentications, limiter, failure_limits),
    )
    password_of_link: Singleton[PasswordOfLink] = Singleton(PasswordOfLink, hasher, failures)

    # --- Use cases that commands, tests and other modules call too ---

    sign_in: Singleton[SignIn] = Singleton(
        SignIn,
        uow=uow.provider,
        reader=reader,
        hasher=hasher,
        tokens=tokens,
        limits=session_limits,
        failures=failures,
        clock=clock,
    )
    refresh: Singleton[RefreshSession] = Singleton(
        RefreshSession,
        uow=uow.provider,
        tokens=tokens,
        limits=session_limits,
        derived_with=signing_keys,
        clock=clock,
    )
    sign_out: Singleton[SignOut] = Singleton(
        SignOut, uow=uow.provider, authenticate=authenticate, clock=clock
    )
    has_active_user: Singleton[HasActiveUser] = Singleton(HasActiveUser, reader)
    find_contact: Singleton[FindContact] = Singleton(FindContact, reader)
    create_admin: Singleton[CreateAdmin] = Singleton(CreateAdmin, uow.provider, hasher, clock)
    set_roles: Singleton[SetRolesAt] = Singleton(SetRolesAt, uow.provider, permissions_of, clock)
    verify: Singleton[VerifyUser] = Singleton(VerifyUser, uow.provider, clock)
    end_sessions: Singleton[EndSessionsAt] = Singleton(EndSessionsAt, uow.provider, clock)

    # --- Controllers ---

    auth: Singleton[AuthController] = Singleton(
        AuthController,
        register=Singleton(
            RegisterUser,
            uow=uow.provider,
            hasher=hasher,
            rules=password_rules,
            limiter=limiter,
            clock=clock,
            verified_at_once=keeps_mail_here,
        ),
        issue_tokens=Singleton(IssueTokens, sign_in=sign_in, refresh=refresh, limiter=limiter),
        refresh=refresh,
    )
    sessions: Singleton[SessionController] = Singleton(
        factories.session_controller,
        uow=uow.provider,
        reader=session_reader,
        authenticate=authenticate,
        sign_in=sign_in,
        sign_out=sign_out,
        cookie=browser_cookie,
        clock=clock,
    )
    keys: Singleton[KeyController] = Singleton(
        factories.key_controller,
        uow=uow.provider,
        reader=key_reader,
        reauthenticate=reauthenticate,
        limits=key_limits,
        clock=clock,
    )
    recovery: Singleton[RecoveryController] = Singleton(
        factories.recovery_controller,
        uow=uow.provider,
        hasher=hasher,
        rules=password_rules,
        password_of_link=password_of_link,
        limiter=limiter,
        clock=clock,
    )
    own: Singleton[OwnAccountController] = Singleton(
        factories.own_account_controller,
        uow=uow.provider,
        reader=reader,
        hasher=hasher,
        rules=password_rules,
        authenticate=authenticate,
        reauthenticate=reauthenticate,
        cookie=browser_cookie,
        limiter=limiter,
        clock=clock,
    )
    administration: Singleton[AdministrationController] = Singleton(
        factories.administration_controller, uow=uow.provider, roles=permissions_of, clock=clock
    )
    users: Singleton[UserController] = Singleton(
        UserController,
        read=Singleton(ReadUser, reader),
        list_users=Singleton(ListUsers, reader),
    )

    # --- What the base finds ---

    roles = Object(tuple(Role))
    permissions = Object({Role.ADMIN: {"user:admin"}})
    routers = List(
        Factory(routes.auth_routes, auth),
        Factory(routes.session_routes, sessions),
        Factory(routes.key_routes, keys),
        Factory(routes.recovery_routes, recovery),
        Factory(routes.account_routes, own),
        Factory(routes.user_routes, users),
        Factory(routes.administration_routes, administration),
    )
    email_sender: Singleton[AccountEmailSender] = Singleton(
        TemplatedAccountEmailSender,
        mailer=mailer,
        signed_by=app_name,
        links_begin_with=links_begin_with,
    )
    emails: Singleton[AccountEmails] = Singleton(
        AccountEmails,
        uow=uow.provider,
        email_sender=email_sender,
        lifetimes=Singleton(factories.token_lifetimes, settings),
        clock=clock,
    )
    events = Object(EVENTS)
    seeds = List(Singleton(SeedUsers, uow.provider, hasher, clock))
    handlers: Callable[list[Any]] = Callable(
        factories.handlers, settings=settings, limits=session_limits, emails=emails, clock=clock
    )
