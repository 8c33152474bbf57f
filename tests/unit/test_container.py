"""Everything is built at the start, and an error stops it."""

from pathlib import Path

import pytest
from dependency_injector.providers import Singleton
from pydantic import SecretStr

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.events import EventRegistry


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        app_env="test",
        data_dir=tmp_path,
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
    )


def test_the_container_builds_everything_at_the_start(settings: Settings) -> None:
    container = ApplicationContainer.build(settings)

    assert container.event_controller() is container.event_controller()
    registry = container.registry()
    assert isinstance(registry, EventRegistry)
    assert registry is container.registry()
    assert {"schedule.tick", "user.deactivated"} <= set(registry)
    assert {"user.end_sessions", "user.forget_sessions"} <= {
        handler.id for handler in registry.handlers
    }


def test_a_missing_argument_stops_the_start(settings: Settings) -> None:
    class NeedsSomething:
        def __init__(self, something: object) -> None: ...

    class Broken(ApplicationContainer):
        broken = Singleton(NeedsSomething)

    with pytest.raises(TypeError, match="something"):
        Broken.build(settings)


def test_an_administrator_may_do_what_a_user_may_and_more(settings: Settings) -> None:
    permissions = ApplicationContainer.build(settings).user.permissions_of()

    assert permissions["admin"] >= permissions["user"] | {"user:admin"}
