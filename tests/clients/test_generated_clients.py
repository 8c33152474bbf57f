"""Clients generated from the document: strictly typed, and used with the service.

Each module may bring a tour, its `tour.py` and `tour.ts` in `tests/modules`.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.clients.conftest import HERE, MODULES, TOOLS, Run
from tests.support.server import ROOT

TOURS: Final = {
    path.parent.name: path for path in sorted((ROOT / "tests/modules").glob("*/tour.py"))
}


# --- Python -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def python_client(document: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the client that openapi-python-client generates."""
    folder = tmp_path_factory.mktemp("python")
    said = run(
        TOOLS / "bin/openapi-python-client",
        "generate",
        "--fail-on-warning",
        f"--path={document}",
        "--meta=none",
        f"--output-path={folder / 'service_client'}",
        f"--config={HERE / 'python-client.yaml'}",
    )
    assert "warning" not in said.lower()
    return folder


def test_a_client_for_python_is_strictly_typed(python_client: Path, run: Run) -> None:
    run(
        *(sys.executable, "-m", "mypy", "--strict", f"--config-file={os.devnull}"),
        *("--cache-dir", python_client / ".mypy_cache"),
        *("--python-executable", TOOLS / "bin/python"),
        *("--scripts-are-modules", *TOURS.values()),
        MYPYPATH=f"{python_client}:{HERE}",
    )


@pytest.mark.parametrize("tour", TOURS)
def test_a_client_for_python_takes_the_tour(
    python_client: Path, address: str, run: Run, tour: str
) -> None:
    path = f"{python_client}:{HERE}"
    run(TOOLS / "bin/python", TOURS[tour], address, PYTHONPATH=path)


# --- TypeScript ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def typescript_client(document: Path, node: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the compiled tours, with the types of openapi-typescript."""
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("package.json", "tsconfig.json", "steps.ts"):
        shutil.copy(HERE / name, folder)
    for name, path in TOURS.items():
        (folder / name).mkdir()
        shutil.copy(path.with_suffix(".ts"), folder / name)
    (folder / "node_modules").symlink_to(MODULES)
    # Otherwise clients would have to send fields with a default.
    options = ("--default-non-nullable=false", f"--output={folder / 'api.ts'}")
    said = node("openapi-typescript", document, *options)
    assert "warn" not in said.lower()
    node("tsc", "--project", folder, cwd=folder)
    return folder / "built"


@pytest.mark.parametrize("tour", TOURS)
def test_a_client_for_typescript_is_strictly_typed_and_takes_the_tour(
    typescript_client: Path, address: str, run: Run, tour: str
) -> None:
    run("node", typescript_client / tour / "tour.js", address)
