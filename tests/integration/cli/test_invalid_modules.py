"""Each command reports a module that does not fit in one sentence, and so does the doctor."""

import subprocess
import sys
from pathlib import Path

import pytest
from dependency_injector.providers import Dependency

import app.cli
import app.doctor
from app.container import ApplicationContainer
from app.shared.container import module
from app.shared.module_container import ModuleContainer
from tests.integration.cli.conftest import Run, Set
from tests.support.server import free_port

ROOT = Path(__file__).parents[3]
SENTENCE = (
    "shipping: nothing provides `find_carrier`, which ShippingContainer depends on; "
    "add it in app/container.py: shipping = module(ShippingContainer, find_carrier=…)"
)
# An invalid `app/container.py`, written before the command line is imported.
SPOILED = """
import runpy, sys
from app.modules.user.container import UserContainer
from app.shared import container

sys.argv = ["app", "doctor"]
given = container.module
container.module = lambda kind, **more: given(kind, **more, rates=None)
runpy.run_module("app", run_name="__main__")
"""


class ShippingContainer(ModuleContainer):
    find_carrier: Dependency[object] = Dependency()


@pytest.fixture
def spoiled(monkeypatch: pytest.MonkeyPatch, set_to: Set) -> None:
    class Spoiled(ApplicationContainer):
        shipping = module(ShippingContainer)

    monkeypatch.setattr(app.cli, "ApplicationContainer", Spoiled)
    monkeypatch.setattr(app.doctor, "ApplicationContainer", Spoiled)
    set_to(port=free_port())


@pytest.mark.parametrize("command", ["serve", "worker", "seed", "openapi", "users verify a@b.cd"])
def test_a_command_stops_with_one_sentence(run: Run, spoiled: None, command: str) -> None:
    run("migrate")
    code, output, errors = run(*command.split())
    assert (code, errors) == (1, f"{SENTENCE}\n")
    assert "is at http" not in output


def test_the_doctor_reports_it_and_says_how_to_mend_it(run: Run, spoiled: None) -> None:
    code, output, _ = run("doctor")
    wrong, _, fix = SENTENCE.partition("; ")
    assert code == 1
    assert f" trouble  modules  {wrong}\n" in output
    assert f"fix: {fix}\n" in output


def test_an_invalid_line_is_reported_in_one_sentence_by_every_command() -> None:
    command = [sys.executable, "-c", SPOILED]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own Python
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "app/container.py gives UserContainer `rates`, for which it has no Dependency; "
        "declare one there, or remove the argument\n"
    )
