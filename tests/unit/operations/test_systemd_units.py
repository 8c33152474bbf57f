"""The units of systemd: what they start exists, and they wait for as long as a stop takes."""

import shutil
import subprocess
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Final

import pytest

from app.config.settings import Settings
from tests.support.server import ROOT

UNITS: Final = ROOT / "deploy/systemd"
SERVICES: Final = sorted(UNITS.glob("*.service"))


def parsed(unit: Path) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser documents it
    parser.read_string(unit.read_text(encoding="utf-8"))
    return parser


HOME: Final = parsed(SERVICES[0])["Service"]["WorkingDirectory"] + "/"


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_waits_for_longer_than_its_process_takes_to_stop(unit: Path) -> None:
    service = parsed(unit)["Service"]
    longest = Settings.model_fields["stop_seconds"].default
    assert float(service["TimeoutStopSec"]) >= longest + 5
    assert service["KillMode"] == "mixed"  # else each process gets the signal twice


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_what_a_service_starts_exists(unit: Path) -> None:
    service = parsed(unit)["Service"]
    commands = [service[name] for name in ("ExecStart", "ExecStartPre") if name in service]
    assert commands != []
    for command in commands:
        program = command.split()[0]
        assert program.startswith(HOME)
        is_made = program.startswith(f"{HOME}.venv/")
        assert is_made or (ROOT / program.removeprefix(HOME)).is_file()


def test_the_socket_is_where_the_api_listens_by_default() -> None:
    place = parsed(UNITS / "api.socket")["Socket"]["ListenStream"]
    fields = Settings.model_fields
    assert place == f"{fields['host'].default}:{fields['port'].default}"


def test_systemd_finds_nothing_wrong_in_the_units(
    tmp_path: Path, note_tool: Callable[[str], None]
) -> None:
    if (program := shutil.which("systemd-analyze")) is None:
        note_tool(missing := "no systemd-analyze on the PATH: apt-get install systemd")
        pytest.skip(missing)
    note_tool("systemd-analyze")
    for unit in UNITS.iterdir():  # it looks for the programs
        (tmp_path / unit.name).write_text(unit.read_text().replace(HOME, f"{ROOT}/"))
    units = sorted(str(unit) for unit in tmp_path.iterdir())
    found = subprocess.run(  # noqa: S603 - its own arguments
        [program, "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    said = [line for line in found.stderr.splitlines() if any(unit in line for unit in units)]
    assert said == []
