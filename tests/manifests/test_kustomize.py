"""The base of Kustomize is the chart, written out."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from deploy.kustomize.helm import ROOT, Helm
from deploy.kustomize.make import BASE, SCHEMA, base, schema
from tests.manifests.test_chart import VERSIONS

OVERLAY = ROOT / "deploy/examples/kustomize"


def test_the_base_is_what_the_chart_gives(helm: Helm) -> None:
    written = {file: file.read_text("utf-8") for file in BASE.iterdir()}
    assert written == base(helm), "run: make kustomize"


def test_the_schema_has_the_settings_of_the_code() -> None:
    assert SCHEMA.read_text("utf-8") == schema(), "run: make kustomize"


def test_an_overlay_changes_the_base_to_what_a_team_needs(
    helm: Helm, note_tool: Callable[[str], None]
) -> None:
    if (program := shutil.which("kubectl")) is None:
        note_tool(missing := "no kubectl on the PATH: no overlay was built")
        pytest.skip(missing)
    note_tool("kubectl")
    built = subprocess.run(  # noqa: S603 - its own arguments
        [program, "kustomize", OVERLAY], capture_output=True, text=True, check=True
    ).stdout
    found = list(YAML(typ="safe").load_all(built))
    [settings] = [each for each in found if each["kind"] == "ConfigMap"]
    assert (
        settings["data"].items()
        >= {
            "APP_ENV": "production",
            "ALLOWED_HOSTS": "api.example.com",
            "MAIL_FROM": "no-reply@example.com",
            "PUBLIC_URL": "https://api.example.com",
        }.items()
    )
    deployments = [each for each in found if each["kind"] == "Deployment"]
    assert len(deployments) == 2
    for each in deployments:
        pod = each["spec"]["template"]["spec"]
        for container in [*pod["initContainers"], *pod["containers"]]:
            assert container["image"].startswith("registry.example.com/")
            names = [source["configMapRef"]["name"] for source in container["envFrom"]]
            assert names == [settings["metadata"]["name"]]
    for manifest in found:
        for version in VERSIONS:
            helm.validate(manifest, version)


def test_each_file_of_the_base_is_named_in_it() -> None:
    kustomization = YAML(typ="safe").load(BASE / "kustomization.yaml")
    there = {file.name for file in Path(BASE).iterdir()}
    assert {*kustomization["resources"], "kustomization.yaml"} == there
