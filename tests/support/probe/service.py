"""The real service, with the probes as an additional module."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.config.settings import Settings
from app.container import ApplicationContainer
from tests.support.probe.handlers import Folder, handlers
from tests.support.probe.module import EVENTS, ProbeUnitOfWork


def probe_settings(address: str, folder: Path, **others: Any) -> Settings:
    given: dict[str, Any] = {
        "app_env": "test",
        "database_url": SecretStr(address),
        "jwt_secret_key": SecretStr("a key for tests only, and long enough"),
        "data_dir": folder,
        "log_level": "WARNING",
        "event_queues": {"outside": 4},  # the same number as `default`
    }
    return Settings(_env_file=None, **(given | others))


def probe_container(
    settings: Settings, folder: Folder, *, is_hasty: bool = True
) -> ApplicationContainer:
    """Build the container. With `is_hasty` the housekeeping of deliveries runs often."""
    container = ApplicationContainer.build(settings)
    registry = container.registry()

    def unit_of_work() -> ProbeUnitOfWork:
        return ProbeUnitOfWork(container.database(), registry, container.notifier())

    registry.publish(EVENTS)
    registry.subscribe(handlers(folder), unit_of_work=unit_of_work)
    if is_hasty:
        for duty in ("blocked", "leases"):
            container.engine().housekeeping.duties[duty].pause_seconds = 0.1
    return container
