"""Request an account."""

from collections.abc import Callable

import structlog

from app.core.context import current_work
from app.core.http.clients import one_client
from app.core.identity.passwords import PasswordHasher
from app.core.limits import HOUR, Limit, Limiter
from app.modules.user.application.dto import NewUser, RegistrationView
from app.modules.user.application.failed_sign_ins import account_named
from app.modules.user.domain.entities import EmailTaken, FullName
from app.modules.user.domain.passwords import PasswordRules
from app.modules.user.domain.registrations import Registration
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")

# Below the limit of emails for an address: one stranger cannot use them up.
OF_ADDRESS = Limit("register_address", 5, per=HOUR)


class RegisterUser:
    """Store a registration; its account is opened when its link is used: see VerifyEmail.

    Whether the address has an account is not checked here, so neither the answer nor its time shows
    it. The sender of the email checks it. On a developer's machine without a mail server, the
    account is opened at once. Raises TooManyRequests if a client names one address too often.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        hasher: PasswordHasher,
        rules: PasswordRules,
        limiter: Limiter,
        clock: Clock,
        verified_at_once: bool,
    ) -> None:
        self._uow, self._hasher, self._rules, self._clock = uow, hasher, rules, clock
        self._limiter, self._verified_at_once = limiter, verified_at_once

    async def execute(self, request: NewUser) -> RegistrationView:
        email = EmailAddress.parse(request.email)
        full_name = FullName(request.full_name)
        password = self._rules.choose(request.password, email=email)
        whom = f"{account_named(email.value)} {one_client(current_work.get().client)}"
        await self._limiter.hit(OF_ADDRESS, whom)
        registration = Registration.receive(
            email=email,
            full_name=full_name,
            password_hash=await self._hasher.hash(password.value),
            now=self._clock.now(),
        )
        if not (self._verified_at_once and await self._open(registration)):
            await self._keep(registration)
        return RegistrationView()

    async def _keep(self, registration: Registration) -> None:
        async with self._uow() as uow:
            await uow.registrations.save(registration)
            await uow.commit()
        log.info("registration received", registration_id=str(registration.id))

    async def _open(self, registration: Registration) -> bool:
        """Open the account, unless it exists."""
        user = registration.open_account(now=registration.created_at)
        try:
            async with self._uow() as uow:
                await uow.users.save(user)
                await uow.registrations.forget(user.email)
                await uow.commit()
        except EmailTaken:
            return False
        log.info("registered", user_id=str(user.id))
        return True
