"""Emails about accounts are sent before all others."""

from app.modules.user.application import handlers
from tests.support.emails import urgency_of_emails


def test_every_email_about_an_account_is_urgent() -> None:
    found = urgency_of_emails(handlers)
    assert len(found) >= 8
    assert set(found.values()) == {True}
