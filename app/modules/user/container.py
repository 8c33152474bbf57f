"""The user module, put together."""

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Dependency, Factory, List, Object, Singleton

from app.core.events import EventRegistry
from app.core.passwords import PasswordHasher
from app.core.security import AccessTokens
from app.modules.user.application.handlers import (
    ForgetOldSessions,
    WhenUserDeactivatedEndTheirSessions,
)
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.check_user import HasActiveUser
from app.modules.user.application.usecases.create_admin import CreateAdmin
from app.modules.user.application.usecases.find_contact import FindContact
from app.modules.user.application.usecases.read_users import ListUsers, ReadUser
from app.modules.user.application.usecases.refresh_session import RefreshSession
from app.modules.user.application.usecases.register_user import RegisterUser
from app.modules.user.application.usecases.rename_user import RenameUser
from app.modules.user.application.usecases.sign_in import SignIn
from app.modules.user.application.usecases.sign_out import SignOut
from app.modules.user.application.usecases.verify_user import VerifyUser
from app.modules.user.domain.entities import Role, SessionLimits
from app.modules.user.domain.events import EVENTS
from app.modules.user.infrastructure.readers import SqlUserReader
from app.modules.user.infrastructure.repositories import SqlUserUnitOfWork
from app.modules.user.presentation.controllers import AuthController, UserController
from app.modules.user.presentation.routes import auth_routes, user_routes
from app.shared.application.base_usecase import Clock
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.wake import Wake

PERMISSIONS = {Role.ADMIN: {"user:admin"}}


class UserContainer(DeclarativeContainer):
    database: Dependency[Database] = Dependency()
    registry = Dependency(instance_of=EventRegistry)
    wake = Dependency(instance_of=Wake)
    clock: Dependency[Clock] = Dependency()
    hasher = Dependency(instance_of=PasswordHasher)
    tokens = Dependency(instance_of=AccessTokens)
    session_limits = Dependency(instance_of=SessionLimits)
    verified_at_once = Dependency(instance_of=bool)
    permissions_of = Dependency(instance_of=dict)

    uow = Factory(SqlUserUnitOfWork, database=database, registry=registry, wake=wake)
    reader = Singleton(SqlUserReader, database=database)

    authenticate = Singleton(
        Authenticate, tokens=tokens, reader=reader, permissions_of=permissions_of, clock=clock
    )
    register = Singleton(
        RegisterUser,
        uow=uow.provider,
        hasher=hasher,
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
        clock=clock,
    )
    refresh = Singleton(
        RefreshSession, uow=uow.provider, tokens=tokens, limits=session_limits, clock=clock
    )
    sign_out = Singleton(SignOut, uow=uow.provider, authenticate=authenticate, clock=clock)
    read = Singleton(ReadUser, reader=reader)
    list_users = Singleton(ListUsers, reader=reader)
    has_active_user = Singleton(HasActiveUser, reader=reader)
    find_contact = Singleton(FindContact, reader=reader)
    rename = Singleton(RenameUser, uow=uow.provider, clock=clock)
    create_admin = Singleton(CreateAdmin, uow=uow.provider, hasher=hasher, clock=clock)
    verify = Singleton(VerifyUser, uow=uow.provider, clock=clock)

    auth = Singleton(
        AuthController, register=register, sign_in=sign_in, refresh=refresh, sign_out=sign_out
    )
    users = Singleton(UserController, read=read, list_users=list_users, rename=rename)
    routers = List(Singleton(auth_routes, auth), Singleton(user_routes, users))
    events = Object(EVENTS)
    handlers = List(
        Singleton(WhenUserDeactivatedEndTheirSessions, clock=clock),
        Singleton(ForgetOldSessions, clock=clock),
    )
