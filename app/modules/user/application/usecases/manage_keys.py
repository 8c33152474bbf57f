"""Create, list and delete API keys."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from app.core.security import Actor
from app.modules.user.application.dto import KeyView, NewKey, NewKeyView
from app.modules.user.application.readers import KeyReader
from app.modules.user.application.usecases.reauthenticate import Reauthenticate
from app.modules.user.domain.entities import ReauthFailed
from app.modules.user.domain.keys import ApiKey, KeyLimits, KeyNotFound, KeySecret
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True, kw_only=True)
class OneKey:
    owner: Actor
    key_id: UUID


class CreateKey:
    """Create a key with some of its owner's permissions and return it, only this once.

    The key acts without the password, so creating it requires the password. Raises ReauthFailed,
    TooManyRequests, Invalid and QuotaExceeded.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        reauthenticate: Reauthenticate,
        limits: KeyLimits,
        clock: Clock,
    ) -> None:
        self._uow, self._reauthenticate = uow, reauthenticate
        self._limits, self._clock = limits, clock

    async def execute(self, request: NewKey) -> NewKeyView:
        stored = await self._reauthenticate(request.owner, request.current_password)
        secret = KeySecret.make()
        key = ApiKey.make(
            request.owner.user_id,
            secret,
            name=request.name,
            scopes=frozenset(request.scopes),
            allowed=request.owner.permissions,
            expires_at=request.expires_at,
            limits=self._limits,
            now=self._clock.now(),
        )
        async with self._uow() as uow:
            # Otherwise a key created with the old password could survive the change that ends all
            # keys.
            version, most = stored.password_version, self._limits.per_account
            if not await uow.keys.add(key, password_version=version, most=most):
                raise ReauthFailed
            await uow.commit()
        log.info("key made", user_id=str(key.user_id), key_id=str(key.id), prefix=key.prefix)
        return NewKeyView(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=sorted(key.scopes),
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=None,
            key=secret.text,
        )


class ListKeys:
    """Return all keys of an account, including recently expired ones."""

    def __init__(self, reader: KeyReader) -> None:
        self._reader = reader

    async def execute(self, request: Actor) -> list[KeyView]:
        return await self._reader.of_user(request.user_id)


class DeleteKey:
    """Delete a key; it is refused within a second in every process."""

    def __init__(self, uow: Callable[[], UserUnitOfWork]) -> None:
        self._uow = uow

    async def execute(self, request: OneKey) -> None:
        async with self._uow() as uow:
            if not await uow.keys.delete(request.owner.user_id, request.key_id):
                raise KeyNotFound
            await uow.commit()
        log.info("key deleted", user_id=str(request.owner.user_id), key_id=str(request.key_id))
