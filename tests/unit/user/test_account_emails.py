"""Emails about accounts are sent before all others."""

from inspect import getmembers, isclass

from app.modules.task.application import handlers as of_tasks
from app.modules.user.application import handlers as of_accounts


def emails(module: object) -> dict[str, bool]:
    """Return the handlers that send email, by their ids, with whether they are urgent."""
    asked = [
        kind.subscription
        for _, kind in getmembers(module, isclass)
        if hasattr(kind, "subscription")
    ]
    return {each.id: each.urgent for each in asked if ".email_" in each.id}


def test_every_email_about_an_account_is_urgent_and_none_about_a_task_is() -> None:
    accounts, tasks = emails(of_accounts), emails(of_tasks)
    assert len(accounts) >= 8
    assert set(accounts.values()) == {True}
    assert set(tasks.values()) == {False}
