"""Builds objects of the base's container that depend on the settings."""

from typing import TYPE_CHECKING

from app.config.settings import Settings
from app.config.webhook_settings import WebhookSettings
from app.core.events import EventRegistry
from app.core.http.rate_limit import RateLimit
from app.core.limits import Limiter, Unlimited
from app.shared.application.base_usecase import Clock
from app.shared.application.email import Mailer
from app.shared.application.http import HttpClient
from app.shared.application.limited_mailer import LimitedMailer
from app.shared.application.webhook import EventWebhook
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.engine import Executor
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.external.mailer import FileMailer, FromAddress, SmtpMailer
from app.shared.infrastructure.external.webhook import StandardWebhook
from app.shared.infrastructure.limits.local import LocalLimiter
from app.shared.infrastructure.tracing.lifecycle import Tracing, TracingOptions

if TYPE_CHECKING:
    from celery import Celery


def keeps_mail_here(settings: Settings) -> bool:
    """Return whether emails are written into a folder for a developer, and not sent."""
    return settings.app_env == "development" and settings.smtp_url is None


def tracing(settings: Settings) -> Tracing:
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return Tracing(None)
    return Tracing(
        TracingOptions(
            endpoint=endpoint,
            sampler=settings.otel_traces_sampler,
            ratio=settings.otel_traces_sampler_arg,
            timeout=settings.trace_export_timeout_seconds,
            service=settings.app_name,
            version=settings.version,
            environment=settings.app_env,
        )
    )


def local_limiter(settings: Settings) -> Limiter:
    """Return a limiter of this process, for limits where asking Redis would cost too much."""
    return LocalLimiter() if settings.rate_limits else Unlimited()


def metrics_token(settings: Settings) -> str | None:
    return settings.metrics_token.get_secret_value() if settings.metrics_token else None


def mailer(settings: Settings, limiter: Limiter) -> Mailer:
    return LimitedMailer(
        _mailer(settings),
        limiter,
        per_recipient=settings.emails_per_recipient,
        per_user=settings.emails_per_user,
    )


def _mailer(settings: Settings) -> Mailer:
    from_address = FromAddress(settings.mail_from)
    if settings.smtp_url is None:
        is_development = settings.app_env == "development"
        return FileMailer(settings.data_dir / "mail", from_address, shows_links=is_development)
    return SmtpMailer(settings.smtp_url.get_secret_value(), from_address)


def event_webhook(
    kind: type[EventWebhook], settings: WebhookSettings, client: HttpClient, clock: Clock
) -> EventWebhook | None:
    """Return a module's webhook, or None if its settings name no address.

    None among a module's handlers is left out, so no delivery is written for it.
    """
    if settings.webhook_url is None:
        return None
    allowed = client.inside() if settings.webhook_allow_private else client
    return kind(
        StandardWebhook(allowed, clock, url=settings.webhook_url, keys=settings.webhook_keys)
    )


def limiter(settings: Settings) -> Limiter:
    if not settings.rate_limits:
        return Unlimited()
    if settings.redis_url is None:
        return LocalLimiter()
    from app.shared.infrastructure.limits.redis import RedisLimiter  # noqa: PLC0415 - only here

    prefix = f"{settings.short_name}:limits"
    return RedisLimiter(settings.redis_url.get_secret_value(), prefix=prefix)


def rate_limit(settings: Settings) -> RateLimit | None:
    is_limited = settings.rate_limits and settings.rate_limit_per_minute > 0
    return RateLimit(settings.rate_limit_per_minute) if is_limited else None


def notifier(settings: Settings) -> Notifier:
    if settings.redis_url is None:
        return Notifier()
    from app.shared.infrastructure.events.delivery.redis_notifier import RedisNotifier  # noqa: PLC0415 - only here

    channel = f"{settings.short_name}:notify"
    return RedisNotifier(settings.redis_url.get_secret_value(), channel=channel)


def celery(settings: Settings) -> "Celery | None":
    if settings.events != "celery" or settings.celery_broker_url is None:
        return None
    from app.shared.infrastructure.events.delivery.celery.broker import create_celery  # noqa: PLC0415 - slow to load

    return create_celery(
        settings.celery_broker_url.get_secret_value(),
        name=settings.short_name,
        visibility_timeout=settings.event_queue_seconds,
        queues=tuple(settings.all_queues),
    )


def executor(
    settings: Settings,
    *,
    database: Database,
    registry: EventRegistry,
    runner: Runner,
    notifier: Notifier,
    celery: "Celery | None",
) -> Executor:
    if celery is None:
        return LocalExecutor(runner, notifier, registry, queues=settings.queues)
    from app.shared.infrastructure.events.delivery.celery.executor import CeleryExecutor  # noqa: PLC0415

    return CeleryExecutor(
        database,
        registry,
        celery,
        lease=settings.event_queue_seconds,
        queues=settings.queues,
        in_flight=settings.event_in_flight,
        concurrency=settings.event_concurrency,
    )
