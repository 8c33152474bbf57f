"""An email is sent once each night, also in the nights in which the clock is changed."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from dependency_injector.providers import Dependency, List, Object, Singleton
from pydantic import SecretStr

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.shared.application.email import Mailer
from app.shared.composition import opened
from app.shared.container import module
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.connection import Database
from app.shared.module_container import ModuleContainer
from tests.e2e.jobs.examples.nightly import EmailNightly
from tests.support.emails import part, read
from tests.support.probe.ticking import Clocked
from tests.support.smtp import MailServer, mail_server

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


class NightlyContainer(ModuleContainer):
    mailer: Dependency[Mailer] = Dependency()

    handlers = List(Singleton(EmailNightly, mailer=mailer, to=EmailAddress("ana@example.com")))


class ContainerWithNightly(ApplicationContainer):
    nightly = module(NightlyContainer)


class Night(NamedTuple):
    """A service, its clock and the server that takes its emails."""

    container: ContainerWithNightly
    clock: Clocked
    server: MailServer

    async def at(self, now: dt.datetime) -> None:
        """Deliver what is due at a time."""
        self.clock.now = now
        await self.container.engine().drain()

    def subjects(self) -> list[str]:
        return [read(each.content)["Subject"] for each in self.server.delivered]


@pytest.fixture
async def night(settings: Settings, clean_database: None) -> AsyncIterator[Night]:
    async with mail_server() as server:
        smtp_url = SecretStr(f"smtp://127.0.0.1:{server.port}")
        own = settings.model_copy(update={"smtp_url": smtp_url})
        database: Database = ContainerWithNightly.build(own).database()
        clock = Clocked(database)
        container = ContainerWithNightly.build(own, database=Object(clock))
        await database.open()
        try:
            async with opened(container):
                yield Night(container, clock, server)
        finally:
            await database.close()


@pytest.mark.parametrize(
    ("begin", "sent_at"),
    [
        # From 3 to 4 November the clock goes from 00:00 to 01:00, from 17 to 18 February back.
        ("2018-11-02T12:00Z", ["2018-11-03T03:00Z", "2018-11-04T03:00Z", "2018-11-05T02:00Z"]),
        ("2018-02-16T12:00Z", ["2018-02-17T02:00Z", "2018-02-18T03:00Z", "2018-02-19T03:00Z"]),
    ],
)
async def test_an_email_is_sent_each_night_at_midnight_or_when_a_gap_there_ends(
    night: Night, begin: str, sent_at: list[str]
) -> None:
    await night.at(dt.datetime.fromisoformat(begin))
    times = [dt.datetime.fromisoformat(each) for each in sent_at]
    for number, time in enumerate(times):
        await night.at(time - MINUTE)
        assert len(night.server.delivered) == number
        await night.at(time)
        assert len(night.server.delivered) == number + 1
        await night.at(time + HOUR)

    days = [time - 12 * HOUR for time in times]
    assert night.subjects() == [f"Notes until {day:%d.%m.%Y}" for day in days]


async def test_after_a_stop_of_three_nights_one_email_is_sent_that_says_it_is_late(
    night: Night,
) -> None:
    begin = dt.datetime(2018, 11, 2, 12, tzinfo=dt.UTC)
    await night.at(begin)
    await night.at(begin + dt.timedelta(days=3))

    [email] = night.server.delivered
    assert night.subjects() == ["Notes until 04.11.2018"]
    assert part(read(email.content), "plain") == "This email is late.\n"
