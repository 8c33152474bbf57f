"""Close and open accounts, and set their roles."""

from collections.abc import Callable, Collection, Sequence

import structlog

from app.core.exceptions import Invalid
from app.modules.user.application.dto import RoleAssignment, RolesOfAddress, UserCommand, UserView
from app.modules.user.domain.entities import (
    LastAdministrator,
    OwnAccount,
    Role,
    User,
    UserNotFound,
)
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")


class DeactivateUser:
    """Close another user's account: its sessions end, and its user cannot sign in.

    Raises OwnAccount, LastAdministrator, UserNotFound and StaleVersion.
    """

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: UserCommand) -> UserView:
        if request.user_id == request.actor.user_id:
            raise OwnAccount
        now = self._clock.now()
        async with self._uow() as uow:
            user = await _without_whom_there_is_an_admin(uow, request)
            if user.is_active:
                user.deactivate(now=now)
                await uow.users.save(user)
                await uow.sessions.revoke_all(user.id, now=now)
                await uow.commit()
        _note("account deactivated", request)
        return UserView.of(user)


class ActivateUser:
    """Open an account again. Raises UserNotFound and StaleVersion."""

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: UserCommand) -> UserView:
        async with self._uow() as uow:
            user = await uow.users.get_seen(request.user_id, version=request.version)
            if not user.is_active:
                user.activate(now=self._clock.now())
                await uow.users.save(user)
                await uow.commit()
        _note("account activated", request)
        return UserView.of(user)


class SetRoles:
    """Give an account exactly these roles, which modules declare.

    Raises Invalid for an undeclared role, LastAdministrator, UserNotFound and StaleVersion.
    """

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], known: Collection[str], clock: Clock
    ) -> None:
        self._uow, self._known, self._clock = uow, known, clock

    async def execute(self, request: RoleAssignment) -> UserView:
        command, roles = request.command, _known_roles(request.roles, self._known)
        async with self._uow() as uow:
            if Role.ADMIN in roles:
                user = await uow.users.get_seen(command.user_id, version=command.version)
            else:
                user = await _without_whom_there_is_an_admin(uow, command)
            if roles != user.roles:
                user.give_roles(roles, now=self._clock.now())
                await uow.users.save(user)
                await uow.commit()
        _note("roles changed", command, roles=sorted(roles))
        return UserView.of(user)


class SetRolesAt:
    """The same from the command line, for the account of an address.

    Raises Invalid, LastAdministrator and UserNotFound.
    """

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], known: Collection[str], clock: Clock
    ) -> None:
        self._uow, self._known, self._clock = uow, known, clock

    async def execute(self, request: RolesOfAddress) -> None:
        roles = _known_roles(request.roles, self._known)
        async with self._uow() as uow:
            admins = await uow.users.active_admins()
            user = await uow.users.get_by_email(EmailAddress.parse(request.email))
            if user is None:
                raise UserNotFound
            if admins == {user.id} and Role.ADMIN not in roles:
                raise LastAdministrator
            if roles != user.roles:
                user.give_roles(roles, now=self._clock.now())
                await uow.users.save(user)
                await uow.commit()
        log.info("roles changed", user_id=str(user.id), roles=sorted(roles))


class EndSessionsOf:
    """End all sessions of an account; it and its API keys stay. Raises UserNotFound."""

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: UserCommand) -> None:
        async with self._uow() as uow:
            user = await uow.users.get_seen(request.user_id, version=None)
            await uow.sessions.revoke_all(user.id, now=self._clock.now())
            await uow.commit()
        _note("sessions ended", request)


class EndSessionsAt:
    """The same from the command line, for the account of an address. Raises UserNotFound."""

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: str) -> None:
        async with self._uow() as uow:
            user = await uow.users.get_by_email(EmailAddress.parse(request))
            if user is None:
                raise UserNotFound
            await uow.sessions.revoke_all(user.id, now=self._clock.now())
            await uow.commit()
        log.info("sessions ended", user_id=str(user.id))


def _known_roles(roles: Sequence[str], known: Collection[str]) -> frozenset[str]:
    for number, role in enumerate(roles):
        if role not in known:
            rule = f"must be one of {', '.join(sorted(known))}"
            raise Invalid(f"roles/{number}", rule, code="not_allowed")
    return frozenset(roles)


async def _without_whom_there_is_an_admin(uow: UserUnitOfWork, request: UserCommand) -> User:
    """Return the account. If two administrators close each other, one of them is refused."""
    # locked first: what is read after it cannot be outdated
    admins = await uow.users.active_admins()
    user = await uow.users.get_seen(request.user_id, version=request.version)
    if admins == {user.id}:
        raise LastAdministrator
    return user


def _note(what: str, request: UserCommand, **more: object) -> None:
    log.info(
        what,
        user_id=str(request.user_id),
        by=str(request.actor.user_id),
        session_id=str(request.actor.session_id),
        **more,
    )
