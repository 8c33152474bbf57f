"""Each import contract of pyproject.toml fails for what it forbids."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMMAND = "from importlinter.cli import lint_imports_command; lint_imports_command()"

ONE_WAY = "From the entry points down to the settings, imports go one way"
IN_A_MODULE = "Inside a module: container, presentation or infrastructure, application, domain"
IN_SHARED = "The shared code has the same layers"
APART = "Modules meet in published events only"
PLAIN_DOMAIN = "The domain is plain Python"
NO_FRAMEWORK = "Use cases know no framework"
SETTINGS = "Only the composition root reads settings"
CELERY = "Only the event engine knows Celery"
CONTAINERS = "Only containers know the container library"
TOOL = "The tool and the service know nothing of each other"

ADDED = "app/modules/added"  # a further module in the copy of the code
PLANTED = {
    ONE_WAY: ("app/core/context.py", "import app.shared.domain.events"),
    IN_A_MODULE: (f"{ADDED}/domain/entities.py", "import app.modules.added.application.dto"),
    IN_SHARED: ("app/shared/domain/events.py", "import app.shared.application.dto"),
    APART: (f"{ADDED}/application/dto.py", "import app.modules.user.domain.events"),
    PLAIN_DOMAIN: (f"{ADDED}/domain/entities.py", "import pydantic"),
    NO_FRAMEWORK: (f"{ADDED}/application/usecases/rename_user.py", "import fastapi"),
    SETTINGS: (f"{ADDED}/container.py", "import app.config.settings"),
    CELERY: ("app/shared/infrastructure/events/delivery/engine.py", "import celery"),
    CONTAINERS: (f"{ADDED}/presentation/controllers.py", "import dependency_injector"),
    TOOL: ("scaffold/errors.py", "import app.core.exceptions"),
}
# All of these are written at once: each must be in the report.
MORE = [
    ("app/shared/application/base_usecase.py", "app.modules.added.domain.events"),
    (f"{ADDED}/infrastructure/external.py", "app.container"),
    ("app/config/settings.py", "app.core.context"),
    (f"{ADDED}/application/dto.py", "app.modules.added.infrastructure.tables"),
    (f"{ADDED}/presentation/routes.py", "app.modules.added.infrastructure.tables"),
    (f"{ADDED}/infrastructure/tables.py", "app.modules.added.presentation.routes"),
    (f"{ADDED}/infrastructure/tables.py", "app.modules.added.container"),
    ("app/shared/infrastructure/unit_of_work.py", "app.shared.presentation.docs"),
    (f"{ADDED}/application/dto.py", "app.modules.user.domain.entities"),
    (f"{ADDED}/infrastructure/external.py", "app.modules.user.application.dto"),
    (f"{ADDED}/container.py", "app.modules.user.container"),
    (f"{ADDED}/domain/repositories.py", "sqlalchemy"),
    ("app/shared/domain/base_entity.py", "structlog"),
    ("app/core/exceptions.py", "fastapi"),
    (f"{ADDED}/application/dto.py", "app.shared.infrastructure.unit_of_work"),
    ("app/shared/application/dto/__init__.py", "sqlalchemy"),
    ("app/core/security.py", "app.config.settings"),
    ("app/main.py", "dependency_injector"),
    ("app/main.py", "celery"),
    ("app/worker.py", "celery"),
    (f"{ADDED}/container.py", "celery"),
    (f"{ADDED}/application/handlers.py", "celery"),
    (f"{ADDED}/domain/events.py", "celery"),
    ("app/event_commands.py", "app.config.settings"),
    ("app/container.py", "app.event_commands"),
]
# A place outside of all layers.
IN_NO_LAYER = {ONE_WAY: "app/helpers.py", IN_A_MODULE: f"{ADDED}/helpers.py"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code with a further module, to be changed."""
    without = shutil.ignore_patterns("__pycache__", "versions")
    for package in ("app", "scaffold"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=without)
    shutil.copytree(tmp_path / "app/modules/user", tmp_path / ADDED)
    for path in (tmp_path / ADDED).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("app.modules.user", "app.modules.added"), encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> tuple[int, str]:
    """Return the exit code, and the report on one line."""
    answer = subprocess.run(  # noqa: S603 - all of it is written above
        [sys.executable, "-c", COMMAND, "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, " ".join(answer.stdout.split())


def plant(folder: Path, path: str, line: str) -> None:
    with (folder / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_the_code_follows_all_contracts(copy: Path) -> None:
    code, report = lint(copy)
    assert (code, "BROKEN" in report) == (0, False), report


@pytest.mark.parametrize("contract", PLANTED)
def test_each_kind_of_violation_is_found(copy: Path, contract: str) -> None:
    plant(copy, *PLANTED[contract])
    code, report = lint(copy)
    assert code != 0
    assert f"{contract} BROKEN" in report


def test_each_of_many_violations_is_found(copy: Path) -> None:
    for path, imported in MORE:
        plant(copy, path, f"import {imported}")
    code, report = lint(copy)
    assert code != 0
    assert [m for m in MORE if f"{dotted(m[0])} -> {m[1]} (" not in report] == []


@pytest.mark.parametrize("contract", IN_NO_LAYER)
def test_code_outside_of_all_layers_is_found(copy: Path, contract: str) -> None:
    plant(copy, IN_NO_LAYER[contract], '"""What does not belong anywhere else."""')
    code, report = lint(copy)
    assert code != 0
    assert f"{contract} BROKEN" in report


def test_the_contracts_apply_to_a_new_module(copy: Path) -> None:
    plant(copy, f"{ADDED}/domain/entities.py", "import fastapi")
    code, report = lint(copy)
    assert code != 0
    assert "app.modules.added.domain.entities -> fastapi (" in report


def test_containers_and_handlers_may_know_the_events_of_others(copy: Path) -> None:
    plant(copy, f"{ADDED}/container.py", "import app.modules.user.domain.events")
    plant(copy, f"{ADDED}/application/handlers.py", "import app.modules.user.domain.events")
    code, report = lint(copy)
    assert (code, "BROKEN" in report) == (0, False), report


def test_this_test_covers_every_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]
    assert sorted(contracts) == sorted(PLANTED)
