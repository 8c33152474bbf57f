"""Demo users."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from app.core.identity.passwords import PasswordHasher
from app.modules.user.domain.entities import FullName, User
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.application.seed import DemoData
from app.shared.domain.value_objects import EmailAddress

USERS: Final = ("ana@example.com", "bruno@example.com", "carla@example.com")
PASSWORD: Final = "correct horse battery"  # noqa: S105 - everybody may know it: it is in the README


class SeedUsers:
    """Adds an account for each demo user; existing ones stay as they are."""

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], hasher: PasswordHasher, clock: Clock
    ) -> None:
        self._uow, self._hasher, self._clock = uow, hasher, clock

    async def __call__(self, demo: DemoData, /) -> str:
        demo.user_ids += [await self._user(address) for address in USERS]
        return f"Sign in as {USERS[0]} with the password {PASSWORD!r}."

    async def _user(self, address: str) -> UUID:
        email = EmailAddress.parse(address)
        async with self._uow() as uow:
            user = await uow.users.get_by_email(email)
            if user is None:
                now = self._clock.now()
                user = User.register(
                    email=email,
                    full_name=FullName(f"{address.partition('@')[0].title()} Example"),
                    password_hash=await self._hasher.hash(PASSWORD),
                    now=now,
                )
                user.verify(now=now)
                await uow.users.save(user)
                await uow.commit()
        return user.id
