"""What the container is put together from, as the settings want it."""

import datetime as dt
from typing import TYPE_CHECKING

from app.config.settings import Settings
from app.core.common_passwords import common_passwords
from app.core.events import EventRegistry
from app.core.fair_use import FairUse
from app.core.limits import Limiter, Unlimited
from app.modules.task.application.quotas import TaskQuotas
from app.modules.user.application.failed_credentials import FailedCredentials
from app.modules.user.application.failed_sign_ins import FailureLimits
from app.modules.user.domain.keys import KeyLimits
from app.modules.user.domain.one_time_tokens import TokenLifetimes
from app.modules.user.domain.passwords import PasswordRules
from app.shared.application.base_usecase import SystemClock
from app.shared.application.limited_mail import LimitedMailer
from app.shared.application.mail import Mailer
from app.shared.application.webhook import Webhook
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.engine import Executor
from app.shared.infrastructure.events.local import LocalExecutor
from app.shared.infrastructure.events.runner import Runner
from app.shared.infrastructure.events.wake import Wake
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from app.shared.infrastructure.external.guarded_transport import GuardedTransport
from app.shared.infrastructure.external.http_client import HttpClient
from app.shared.infrastructure.external.mailer import FileMailer, Sender, SmtpMailer
from app.shared.infrastructure.external.webhook import StandardWebhook
from app.shared.infrastructure.limits.local import LocalLimiter

if TYPE_CHECKING:
    from celery import Celery


def password_rules(settings: Settings) -> PasswordRules:
    return PasswordRules(common=common_passwords, product=settings.app_name)


def token_lifetimes(settings: Settings) -> TokenLifetimes:
    return TokenLifetimes(
        verify=dt.timedelta(hours=settings.verification_hours),
        reset=dt.timedelta(minutes=settings.password_reset_minutes),
    )


def key_limits(settings: Settings) -> KeyLimits:
    return KeyLimits(
        usual=dt.timedelta(days=settings.api_key_days),
        longest=dt.timedelta(days=settings.api_key_max_days),
        per_account=settings.api_keys_per_account,
    )


def verified_at_once(settings: Settings) -> bool:
    """Where no mail goes out nobody could verify an account; but only on a developer's machine."""
    return settings.app_env == "development" and settings.smtp_url is None


def mailer(settings: Settings, limiter: Limiter) -> Mailer:
    return LimitedMailer(
        _mailer(settings),
        limiter,
        per_recipient=settings.emails_per_recipient,
        per_user=settings.emails_per_user,
    )


def _mailer(settings: Settings) -> Mailer:
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
    return StandardWebhook(client, clock, url=settings.external_api_url, keys=settings.webhook_keys)


def failure_limits(settings: Settings) -> FailureLimits:
    return FailureLimits(
        per_account=settings.sign_in_failures_per_account,
        per_client=settings.sign_in_failures_per_client,
        in_all=settings.sign_in_failures_in_all,
    )


def task_quotas(settings: Settings) -> TaskQuotas:
    return TaskQuotas(
        tasks=settings.quota_tasks,
        text_bytes=settings.quota_task_bytes,
        assignments_a_day=settings.quota_assignments_per_day,
    )


def failed_credentials(settings: Settings) -> FailedCredentials:
    """They are counted by each process alone: asking Redis would cost what a look-up does."""
    return FailedCredentials(LocalLimiter() if settings.rate_limits else Unlimited())


def limiter(settings: Settings) -> Limiter:
    if not settings.rate_limits:
        return Unlimited()
    if settings.redis_url is None:
        return LocalLimiter()
    from app.shared.infrastructure.limits.redis import RedisLimiter  # noqa: PLC0415 - only here

    prefix = f"{settings.short_name}:limits"
    return RedisLimiter(settings.redis_url.get_secret_value(), prefix=prefix)


def fair_use(settings: Settings) -> FairUse | None:
    is_limited = settings.rate_limits and settings.rate_limit_per_minute > 0
    return FairUse(settings.rate_limit_per_minute) if is_limited else None


def wake(settings: Settings) -> Wake:
    if settings.redis_url is None:
        return Wake()
    from app.shared.infrastructure.events.redis_wake import RedisWake  # noqa: PLC0415 - only here

    channel = f"{settings.short_name}:wake"
    return RedisWake(settings.redis_url.get_secret_value(), channel=channel)


def celery(settings: Settings) -> "Celery | None":
    if settings.events != "celery" or settings.celery_broker_url is None:
        return None
    from app.shared.infrastructure.events.distributed.broker import create_celery  # noqa: PLC0415 - slow to load

    return create_celery(
        settings.celery_broker_url.get_secret_value(),
        name=settings.short_name,
        visibility_timeout=settings.event_queue_seconds,
    )


def executor(
    settings: Settings,
    *,
    database: Database,
    registry: EventRegistry,
    runner: Runner,
    wake: Wake,
    celery: "Celery | None",
) -> Executor:
    if celery is None:
        return LocalExecutor(runner, wake, concurrency=settings.event_concurrency)
    from app.shared.infrastructure.events.distributed.executor import CeleryExecutor  # noqa: PLC0415

    return CeleryExecutor(
        database,
        registry,
        celery,
        lease=settings.event_queue_seconds,
        in_flight=settings.event_in_flight,
        concurrency=settings.event_concurrency,
    )
