"""The service that generated clients call, and the tools that generate them."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.ports import free_port
from tests.support.server import ROOT
from tests.support.sockets import start

HERE: Final = Path(__file__).parent
TOOLS: Final = ROOT / ".venv-clients"  # `make clients` creates it
MODULES: Final = TOOLS / "node_modules"
WITHOUT_NODE: Final = (
    "NOT RUN, the TypeScript half: no client for TypeScript was generated, and neither Redocly nor "
    "Spectral read the document. Install Node.js {wanted} or newer, with npm, to run it"
)

Run = Callable[..., str]


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Collect these tests only if they are named: they need what `make clients` installs."""
    return None if any("clients" in Path(arg).parts for arg in config.args) else True


@pytest.fixture(scope="session")
def document() -> Path:
    return ROOT / "docs/api/openapi.json"


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the service, as `make run` starts it."""
    port = free_port()
    running = start(tmp_path_factory.mktemp("service"), port)
    yield f"http://127.0.0.1:{port}"
    running.kill()


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a program, and return its output. The test fails if the program fails."""

    def run(*command: str | Path, cwd: Path = HERE, **environment: str) -> str:
        quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
        done = subprocess.run(  # noqa: S603 - the commands are those of these tests
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **quiet, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    return run


@pytest.fixture(scope="session")
def node(run: Run) -> Run:
    """Run a tool of Node.js by its name. Without Node.js skip, and say what was not run."""
    wanted = json.loads((HERE / "package.json").read_text())["engines"]["node"].removeprefix(">=")
    if not _has_node(wanted):
        pytest.skip(WITHOUT_NODE.format(wanted=wanted))
    locked = HERE / "package-lock.json"
    installed = MODULES / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, TOOLS)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=TOOLS)

    def node(tool: str, *arguments: str | Path, cwd: Path = HERE) -> str:
        return run(MODULES / ".bin" / tool, *arguments, cwd=cwd)

    return node


def _has_node(wanted: str) -> bool:
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        return False
    version = subprocess.check_output([program, "--version"], text=True)  # noqa: S603 - as above
    return _parts(version.strip().removeprefix("v")) >= _parts(wanted)


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
