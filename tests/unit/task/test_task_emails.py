"""Emails about tasks are sent after those about accounts."""

from app.modules.task.application import handlers
from tests.support.emails import urgency_of_emails


def test_no_email_about_a_task_is_urgent() -> None:
    assert set(urgency_of_emails(handlers).values()) == {False}
