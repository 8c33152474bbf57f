"""What the container is put together from, as the settings want it."""

import datetime as dt

from app.config.settings import Settings
from app.core.common_passwords import common_passwords
from app.modules.user.domain.one_time_tokens import TokenLifetimes
from app.modules.user.domain.passwords import PasswordRules
from app.shared.application.base_usecase import SystemClock
from app.shared.application.mail import Mailer
from app.shared.application.webhook import Webhook
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from app.shared.infrastructure.external.guarded_transport import GuardedTransport
from app.shared.infrastructure.external.http_client import HttpClient
from app.shared.infrastructure.external.mailer import FileMailer, Sender, SmtpMailer
from app.shared.infrastructure.external.webhook import StandardWebhook


def password_rules(settings: Settings) -> PasswordRules:
    return PasswordRules(common=common_passwords(), product=settings.app_name)


def token_lifetimes(settings: Settings) -> TokenLifetimes:
    return TokenLifetimes(
        verify=dt.timedelta(hours=settings.verification_hours),
        reset=dt.timedelta(minutes=settings.password_reset_minutes),
    )


def verified_at_once(settings: Settings) -> bool:
    """Where no mail goes out nobody could verify an account; but only on a developer's machine."""
    return settings.app_env == "development" and settings.smtp_url is None


def mailer(settings: Settings) -> Mailer:
    sender = Sender(settings.mail_from)
    if settings.smtp_url is None:
        is_development = settings.app_env == "development"
        return FileMailer(settings.data_dir / "mail", sender, shows_links=is_development)
    return SmtpMailer(settings.smtp_url.get_secret_value(), sender)


def webhook(settings: Settings, clock: SystemClock) -> Webhook | None:
    if settings.external_api_url is None:
        return None
    transport = GuardedTransport(allow_private=settings.external_api_allow_private)
    client = HttpClient(transport, CircuitBreaker())
    return StandardWebhook(
        client, clock, url=settings.external_api_url, secret=settings.webhook_key
    )
