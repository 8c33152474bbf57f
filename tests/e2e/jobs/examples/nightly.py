"""An email each night, by the clock of São Paulo."""

import datetime as dt
from zoneinfo import ZoneInfo

from app.core.schedules import cron
from app.shared.application.email import Email, EmailKind, Mailer
from app.shared.domain.events import ScheduleTick
from app.shared.domain.value_objects import EmailAddress


@cron("0 0 * * *", tz="America/Sao_Paulo", id="note.email_nightly", transactional=False)
class EmailNightly:
    def __init__(self, mailer: Mailer, to: EmailAddress) -> None:
        self._mailer, self._to = mailer, to

    async def __call__(self, tick: ScheduleTick, key: str) -> None:
        today = tick.due_at.astimezone(ZoneInfo("America/Sao_Paulo")).date()
        subject = f"Notes until {today - dt.timedelta(days=1):%d.%m.%Y}"
        text = "This email is late.\n" if tick.late_by > dt.timedelta(hours=1) else "On time.\n"
        await self._mailer.send(
            Email(
                key=key,
                kind=EmailKind.WORK,
                to=self._to,
                subject=subject,
                text=text,
                html=f"<p>{text}</p>",
            )
        )
