"""The examples and the guide: Kubernetes accepts the manifests, and the chart the values."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from deploy.kustomize.helm import ROOT, Helm
from tests.manifests.test_chart import VERSIONS
from tests.manifests.values import EXAMPLES, REQUIRED, containers, merged, pods

GUIDE: Final = (ROOT / "docs/deployment/kubernetes.md").read_text("utf-8")
VALUES: Final = [
    YAML(typ="safe").load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
]


def documents(name: str) -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load_all(EXAMPLES / name))


@pytest.mark.parametrize("values", VALUES, ids="-".join)
def test_the_chart_accepts_each_set_of_values_of_the_guide(
    helm: Helm, values: dict[str, Any]
) -> None:
    plain = helm.render(REQUIRED)
    assert helm.render(merged(REQUIRED, values)) != plain


def test_kubernetes_accepts_the_database_of_the_example(helm: Helm) -> None:
    found = documents("postgres.yaml")
    assert {each["kind"] for each in found} == {"Service", "StatefulSet"}
    for each in found:
        for version in VERSIONS:
            helm.validate(each, version)
    [pod] = pods(found).values()
    assert pod["securityContext"]["runAsNonRoot"] is True
    [container] = containers(pod)
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    services = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
    assert services["postgres"]["image"].startswith(f"{container['image']}@")


def test_the_gateway_of_the_example_is_the_one_that_the_guide_names() -> None:
    [gateway] = documents("gateway.yaml")
    [named] = [each["httpRoute"]["parentRefs"] for each in VALUES if "httpRoute" in each]
    assert named == [{name: gateway["metadata"][name] for name in ("name", "namespace")}]
    [listener] = gateway["spec"]["listeners"]
    assert listener["hostname"] == REQUIRED["settings"]["ALLOWED_HOSTS"]


def test_argo_cd_installs_the_chart_with_values_that_it_accepts(helm: Helm) -> None:
    [application] = documents("argo-cd.yaml")
    source = application["spec"]["source"]
    chart = ROOT / source["path"]
    values: dict[str, Any] = {}
    for file in source["helm"]["valueFiles"]:
        values = merged(values, YAML(typ="safe").load(chart / file))
    texts = helm.render(merged(values, source["helm"]["valuesObject"]))
    assert any("kind: Job" in text for text in texts.values())


def commands() -> Iterator[str]:
    for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL):
        yield from re.sub(r"\\\n\s*", "", block).splitlines()


def test_each_file_that_a_command_of_the_guide_names_is_there() -> None:
    named = {path for line in commands() for path in re.findall(r"\bdeploy/[\w./-]+", line)}
    named -= {path for path in named if "deployment/" in path}
    assert len(named) >= 4
    assert {path for path in named if not (ROOT / path).exists()} == set()
