"""The processes of the pods, with the variables and files that the manifests give them."""

from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final

from httpx2 import HTTPError, get

from deploy.kustomize.helm import Helm
from tests.manifests.test_chart import SECRETS
from tests.manifests.values import containers, manifests, pods, variables
from tests.support.ports import free_port
from tests.support.server import Command

PORTS: Final = {"http": "PORT", "metrics": "METRICS_PORT"}


def test_each_pod_migrates_and_becomes_ready(
    helm: Helm, postgresql_url: str, tmp_path: Path
) -> None:
    found = manifests(helm, "what is required")
    for name, secret in {**SECRETS, "DATABASE_URL": postgresql_url}.items():
        (tmp_path / name).write_text(secret)
    ready = set()
    with ExitStack() as stack:
        for name, pod in pods(found, "Deployment").items():
            for container in containers(pod):
                given = variables(found, container)
                files = {
                    each: str(tmp_path / Path(given[each]).name)
                    for each in given
                    if each.endswith("_FILE")
                }
                own = {port: str(free_port()) for port in PORTS.values()}
                command = Command(tmp_path, given | files | own)
                if container["name"] == "migrate":
                    assert command.run(*container["args"]).returncode == 0
                    continue
                running = command.start(*container["args"])
                stack.callback(running.kill)
                probe = container["readinessProbe"]["httpGet"]
                address = f"http://127.0.0.1:{own[PORTS[probe['port']]]}{probe['path']}"
                running.wait_until(partial(answers, address))
                ready.add(name)
    assert ready == {"shop-api", "shop-worker"}


def answers(address: str) -> bool:
    try:
        return get(address).status_code == HTTPStatus.OK
    except HTTPError:
        return False
