"""A shell without settings, in an empty folder."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from app.cli import main
from app.config.settings import DATABASE_FILE, Settings
from tests.support.logs import separate_logging

LATER = "UPDATE alicerce_version SET version_num = 'base_9999'"


class Result(NamedTuple):
    code: int
    output: str
    errors: str


Run = Callable[..., Result]
Set = Callable[..., None]


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ENV_FILE", "")  # a command may set it: it is restored after the test
    with separate_logging():
        yield tmp_path


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Set variables of the environment."""

    def set_to(**settings: object) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(name.upper(), str(value))

    return set_to


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `python -m app …` without starting a process."""

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        output, errors = capsys.readouterr()
        if isinstance(ended.value.code, str):  # Python prints it and exits with 1
            return Result(1, output, f"{errors}{ended.value.code}\n")
        return Result(ended.value.code or 0, output, errors)

    return run


def set_a_later_revision() -> None:
    """Let the database have a revision that this code does not know."""
    with closing(sqlite3.connect(f"var/{DATABASE_FILE}")) as connection, connection:
        connection.execute(LATER)
