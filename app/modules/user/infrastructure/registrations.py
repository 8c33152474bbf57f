"""Storage of registrations and of their tokens."""

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import Integer, bindparam, delete, insert, select

from app.modules.user.domain.entities import FullName
from app.modules.user.domain.one_time_tokens import OneTimeToken
from app.modules.user.domain.registrations import Registration
from app.modules.user.infrastructure.tables import registration, registration_token
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.database.batches import delete_batch
from app.shared.infrastructure.database.connection import Row
from app.shared.infrastructure.database.statement import Statement

_of_address = registration.c.email_key == bindparam("email_key")

NEWEST_OF = Statement(
    select(registration)
    .where(_of_address)
    .order_by(registration.c.created_at.desc(), registration.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
OF_TOKEN = Statement(
    select(registration)
    .join(registration_token, registration_token.c.registration_id == registration.c.id)
    .where(
        registration_token.c.fingerprint == bindparam("presented"),
        registration_token.c.expires_at > bindparam("now"),
    )
)
ADD_TOKEN = Statement(insert(registration_token), columns=registration_token.columns.keys())
FORGET = Statement(delete(registration).where(_of_address))
PURGE = delete_batch(registration, lambda c: c.created_at < bindparam("before"), "created_at")


class SqlRegistrationRepository(BaseRepository[Registration]):
    table: ClassVar = registration

    async def newest_of(self, email: EmailAddress, /, *, most: int) -> list[Registration]:
        asked = {"email_key": email.key, "most": most}
        rows = await self._connection.fetch_all(NEWEST_OF, asked)
        return [self.to_aggregate(row) for row in rows]

    async def add_token(
        self, registration: Registration, token: OneTimeToken, /, *, until: dt.datetime
    ) -> None:
        added = {"fingerprint": token.fingerprint, "registration_id": registration.id}
        await self._connection.execute(ADD_TOKEN, added | {"expires_at": until})

    async def of_token(self, token: OneTimeToken, /, *, now: dt.datetime) -> Registration | None:
        return await self._find(OF_TOKEN, presented=token.fingerprint, now=now)

    async def forget(self, email: EmailAddress, /) -> int:
        return await self._connection.execute(FORGET, {"email_key": email.key})

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        return await self._connection.execute(PURGE, {"before": before, "most": most})

    def to_row(self, aggregate: Registration) -> dict[str, Any]:
        return {
            "email": aggregate.email.value,
            "email_key": aggregate.email.key,
            "full_name": aggregate.full_name.value,
            "password_hash": aggregate.password_hash,
        }

    def to_aggregate(self, row: Row) -> Registration:
        return Registration(
            **self.identity(row),
            email=EmailAddress(row["email"]),
            full_name=FullName(row["full_name"]),
            password_hash=row["password_hash"],
        )
