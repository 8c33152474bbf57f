"""The container image and what it is published with: nothing in them moves by itself."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from app.config.settings import Settings
from tests.support.server import ROOT

DIGEST: Final = re.compile(r"[\w.-]+:[\w.-]+@sha256:[0-9a-f]{64}")
PINNED: Final = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
WORKFLOWS: Final = sorted((ROOT / ".github/workflows").glob("*.yml"))


def instructions() -> list[tuple[str, str]]:
    """Return the name and the rest of each instruction of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name, rest) for name, rest in lines if name != "#"]


def of_the_image() -> list[tuple[str, str]]:
    """Return the instructions of the last stage, which is the image."""
    found = instructions()
    return found[max(at for at, (name, _) in enumerate(found) if name == "FROM") :]


def services() -> dict[str, dict[str, Any]]:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = YAML(typ="safe").load(text)["services"]
    return found


def test_each_image_from_elsewhere_has_a_digest() -> None:
    stages, others = set[str](), list[str]()
    for name, rest in instructions():
        if name == "FROM":
            image, *alias = re.split(r"\s+AS\s+", rest)
            if image not in stages:
                others.append(image)
            stages.update(alias)
        if name == "COPY" and (source := re.match(r"--from=(\S+)", rest)):
            assert source[1] in stages
    others += [each["image"] for each in services().values() if "build" not in each]
    assert len(others) == 3  # Python, PostgreSQL, Redis
    assert [image for image in others if not DIGEST.fullmatch(image)] == []


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    users = [rest for name, rest in of_the_image() if name == "USER"]
    assert [re.fullmatch(r"([1-9]\d*):\1", user) is not None for user in users] == [True]


def test_the_image_says_how_its_health_is_checked() -> None:
    assert [name for name, _ in of_the_image()].count("HEALTHCHECK") == 1


def test_the_image_gets_the_libraries_from_another_stage_and_installs_nothing() -> None:
    runs = [rest for name, rest in of_the_image() if name == "RUN"]
    assert [run for run in runs if re.search(r"\b(?:apt(?:-get)?|pip|curl|wget)\b", run)] == []
    copies = [rest.split() for name, rest in of_the_image() if name in {"ADD", "COPY"}]
    assert copies == [["--from=libraries", "/venv", "/venv"], ["app", "app"]]


def test_nothing_gets_into_the_build_unless_it_is_named() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignored if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule for rule in rules if rule.startswith("!")} == {"!app", "!requirements.txt"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_each_action_is_pinned_to_a_commit_with_its_version_beside_it(workflow: Path) -> None:
    used = re.findall(r"uses: (.*)", workflow.read_text(encoding="utf-8"))
    assert used != []
    assert [line for line in used if not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_a_workflow_may_only_read_unless_a_job_says_more(workflow: Path) -> None:
    rights = YAML(typ="safe").load(workflow.read_text(encoding="utf-8"))["permissions"]
    assert rights == {"contents": "read"}


def test_compose_waits_for_longer_than_a_process_takes_to_stop() -> None:
    longest = Settings.model_fields["stop_seconds"].default
    ours = [each for each in services().values() if "build" in each]
    assert len(ours) > 1
    assert {each["stop_grace_period"] for each in ours} == {f"{longest + 5:.0f}s"}
