"""The effects of events of tasks and accounts."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.config.settings import Settings
from app.core.http.service import Service
from app.modules.task.domain.events import TaskCompleted
from app.shared.application.base_usecase import SystemClock
from tests.modules.task.samples import create_task
from tests.support.people import Person
from tests.support.published import Published
from tests.support.scenario import Drain, Scenario


class Email:
    """The folder of emails without a mail server; it can be broken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)  # emails of earlier tests

    def emails(self) -> list[str]:
        return [email.read_text(encoding="utf-8") for email in self._folder.glob("*.eml")]

    def break_down(self) -> None:
        self._folder.write_text("a file is no folder")

    def mend(self) -> None:
        if self._folder.is_file():
            self._folder.unlink()


@pytest.fixture
def mail(settings: Settings) -> Iterator[Email]:
    mail = Email(settings.data_dir / "mail")
    yield mail
    mail.mend()


async def test_the_completion_of_a_task_is_published_once(
    ana: Person, published: Published
) -> None:
    task = await create_task(ana)
    await ana.post(f"/tasks/{task['id']}/complete", version=1)
    await ana.post(f"/tasks/{task['id']}/complete", version=2)  # it is done already

    facts = await published.of(TaskCompleted)
    assert facts == [TaskCompleted(task_id=UUID(task["id"]), owner_id=UUID(ana.id))]


async def test_an_assignee_gets_an_email(
    ana: Person, bruno: Person, drain: Drain, mail: Email
) -> None:
    task = await create_task(ana)
    await ana.post(f"/tasks/{task['id']}/assign", {"assignee_id": bruno.id}, version=1)
    await drain()

    (email,) = mail.emails()
    assert "To: bruno@example.com" in email


async def test_an_email_that_could_not_be_sent_is_sent_later(
    ana: Person, bruno: Person, drain: Drain, mail: Email
) -> None:
    task = await create_task(ana)
    mail.break_down()
    await ana.post(f"/tasks/{task['id']}/assign", {"assignee_id": bruno.id}, version=1)
    await drain()
    assert "task.email_assignee is ready after 1 attempts (FileExistsError" in await drain.left()

    mail.mend()
    await drain(retries=True)
    assert len(mail.emails()) == 1


async def test_the_tasks_of_a_closed_account_return_to_their_owners(
    ana: Person, bruno: Person, service: Service, scenario: Scenario
) -> None:
    task = await create_task(ana)
    await ana.post(f"/tasks/{task['id']}/assign", {"assignee_id": bruno.id}, version=1)

    async def bruno_is_deactivated() -> None:
        async with service.state.container.user.uow() as uow:
            account = await uow.users.get(UUID(bruno.id))
            account.deactivate(now=SystemClock().now())
            await uow.users.save(account)
            await uow.commit()

    async def nobody_is_to_do_it() -> bool:
        answer = await ana.get(f"/tasks/{task['id']}")
        return answer.json()["assignee_id"] is None

    assert await scenario.when(bruno_is_deactivated).until(nobody_is_to_do_it)


async def test_a_failed_scenario_says_why(
    ana: Person,
    bruno: Person,
    scenario: Scenario,
    mail: Email,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.support.scenario.PATIENCE_SECONDS", 1)
    task = await create_task(ana)
    mail.break_down()

    async def bruno_is_given_it() -> None:
        await ana.post(f"/tasks/{task['id']}/assign", {"assignee_id": bruno.id}, version=1)

    async def has_a_letter() -> bool:
        return mail.emails() != []

    with pytest.raises(
        AssertionError, match=r"it is not so; task\.email_assignee is ready after 1"
    ):
        await scenario.when(bruno_is_given_it).until(has_a_letter)
