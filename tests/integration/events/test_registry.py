"""Every event that the service can publish is known to its registry."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from pydantic import SecretStr

import app.modules
from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.events import EventRegistry
from app.shared.domain.events import DomainEvent, ScheduleTick


@pytest.fixture
def registry(tmp_path: Path) -> EventRegistry:
    settings = Settings(
        _env_file=None,
        app_env="test",
        data_dir=tmp_path,
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
    )
    registry: EventRegistry = ApplicationContainer.build(settings).registry()
    return registry


def published(kind: type[DomainEvent] = DomainEvent) -> Iterator[type[DomainEvent]]:
    """Return every event class with a `type` of its own."""
    for derived in kind.__subclasses__():
        if "type" in vars(derived) and derived.__module__.startswith("app."):
            yield derived
        yield from published(derived)


def test_every_published_event_is_in_the_registry(registry: EventRegistry) -> None:
    for module in walk_packages(app.modules.__path__, "app.modules."):
        import_module(module.name)

    known: dict[str, object] = {name: registry[name] for name in registry}

    assert known == {kind.type: kind for kind in published()}
    assert len(known) >= 13


def test_an_event_is_named_after_its_module(registry: EventRegistry) -> None:
    of_the_base = {ScheduleTick.type}
    assert of_the_base < set(registry)
    for name in set(registry) - of_the_base:
        _, area, module, *_ = registry[name].__module__.split(".")
        assert (area, name.partition(".")[0]) == ("modules", module)
