"""Builds what depends on the module's settings."""

import datetime as dt

from app.modules.task.application.quotas import TaskQuotas
from app.modules.task.settings import TaskSettings


def bin_keep(settings: TaskSettings) -> dt.timedelta:
    return dt.timedelta(days=settings.bin_keep_days)


def quotas(settings: TaskSettings) -> TaskQuotas:
    return TaskQuotas(
        tasks=settings.quota,
        text_bytes=settings.quota_bytes,
        assignments_a_day=settings.quota_assignments_per_day,
    )
