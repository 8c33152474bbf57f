"""Builds what depends on the module's settings."""

import datetime as dt

from app.modules.task.application.handlers import WhenTaskCompletedSendAWebhook
from app.modules.task.application.quotas import TaskQuotas
from app.modules.task.settings import TaskSettings
from app.shared.application.base_usecase import Clock
from app.shared.application.webhook import Webhook
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from app.shared.infrastructure.external.guarded_transport import GuardedTransport
from app.shared.infrastructure.external.http_client import HttpClient
from app.shared.infrastructure.external.webhook import StandardWebhook


def bin_keep(settings: TaskSettings) -> dt.timedelta:
    return dt.timedelta(days=settings.bin_keep_days)


def quotas(settings: TaskSettings) -> TaskQuotas:
    return TaskQuotas(
        tasks=settings.quota,
        text_bytes=settings.quota_bytes,
        assignments_a_day=settings.quota_assignments_per_day,
    )


def webhook(settings: TaskSettings, clock: Clock) -> Webhook | None:
    if settings.external_api_url is None:
        return None
    transport = GuardedTransport(allow_private=settings.external_api_allow_private)
    client = HttpClient(transport, CircuitBreaker())
    return StandardWebhook(client, clock, url=settings.external_api_url, keys=settings.webhook_keys)


def handlers(*always: object, webhook: Webhook | None) -> list[object]:
    """Return the handlers. Without a webhook its handler is left out, and gets no deliveries."""
    return [*always, WhenTaskCompletedSendAWebhook(webhook)] if webhook else [*always]
