"""Everything that a service holds is opened before it works, and closed afterwards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dependency_injector.providers import Dependency, List, Object

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.resources import Resource
from app.shared.composition import opened
from app.shared.container import module
from app.shared.module_container import ModuleContainer
from tests.support.production import KEY

Log = list[str]


@dataclass
class Recorded(Resource):
    """Records when it is opened and closed, and fails if it is told to."""

    name: str
    log: Log
    fails_at: str = ""

    async def open(self) -> None:
        self._note("open")

    async def close(self) -> None:
        self._note("close")

    def _note(self, what: str) -> None:
        self.log.append(f"{what} {self.name}")
        if what == self.fails_at:
            raise OSError(f"{self.name} fails to {what}")


class QueueContainer(ModuleContainer):
    first: Dependency[Resource] = Dependency()
    second: Dependency[Resource] = Dependency()
    resources = List(first, second)


def service(folder: Path, log: Log, *, fails_at: str = "") -> Any:
    """Return a container with a module of two resources, the first of which may fail."""
    first, second = Recorded("first", log, fails_at), Recorded("second", log)

    class WithQueue(ApplicationContainer):
        queue = module(QueueContainer, first=Object(first), second=Object(second))

    given: dict[str, Any] = {"app_env": "test", "jwt_secret_key": KEY, "data_dir": folder}
    settings = Settings(_env_file=None, **given)
    return WithQueue.build(settings, database=Object(Recorded("database", log)))


async def test_resources_of_a_module_are_open_while_the_database_is_open(tmp_path: Path) -> None:
    log: Log = []
    async with opened(service(tmp_path, log)):
        log.append("work")
    before, after = log[: log.index("work")], log[log.index("work") + 1 :]
    assert before == ["open database", "open first", "open second"]
    assert after == ["close second", "close first", "close database"]


async def test_opened_resources_are_closed_if_another_one_fails_to_open(tmp_path: Path) -> None:
    log: Log = []
    with pytest.raises(OSError, match="first fails to open"):
        async with opened(service(tmp_path, log, fails_at="open")):
            log.append("work")
    assert log == ["open database", "open first", "close first", "close database"]


async def test_a_resource_that_fails_to_close_does_not_prevent_the_others(tmp_path: Path) -> None:
    log: Log = []
    with pytest.raises(OSError, match="first fails to close"):
        async with opened(service(tmp_path, log, fails_at="close")):
            log.append("work")
    assert log[-3:] == ["close second", "close first", "close database"]
