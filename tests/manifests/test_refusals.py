"""What the chart refuses: a mistake ends the installation before anything is changed."""

from typing import Any

import pytest

from deploy.kustomize.helm import Helm, Refused
from tests.manifests.values import REQUIRED, merged

# A mistake, and what is said about it.
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a value that there is not": (
        {"replicaCount": 3},
        "additional properties 'replicaCount' not allowed",
    ),
    "a typo in a value of a component": (
        {"api": {"replica": 3}},
        "at '/api': additional properties 'replica' not allowed",
    ),
    "a typo in a setting": (
        {"settings": {"LOG_LEVLE": "INFO"}},
        "at '/settings': additional properties 'LOG_LEVLE' not allowed",
    ),
    "a setting of the wrong type": (
        {"settings": {"DATABASE_POOL_SIZE": "many"}},
        "at '/settings/DATABASE_POOL_SIZE': got string, want integer",
    ),
    "a setting out of its range": (
        {"settings": {"DATABASE_POOL_SIZE": 0}},
        "at '/settings/DATABASE_POOL_SIZE': minimum: got 0, want 1",
    ),
    "a number of replicas as a text": (
        {"api": {"replicas": "2"}},
        "at '/api/replicas': got string, want integer",
    ),
    "an address with its password among the settings": (
        {"settings": {"DATABASE_URL": "postgresql://a:b@c/d"}},
        "at '/settings': additional properties 'DATABASE_URL' not allowed",
    ),
    "a database in a file": (
        {"settings": {"DATABASE_URL": "sqlite:////data/shop.db"}},
        "at '/settings': additional properties 'DATABASE_URL' not allowed",
    ),
    "several processes in a pod": (
        {"settings": {"WEB_CONCURRENCY": 2}},
        "at '/settings': additional properties 'WEB_CONCURRENCY' not allowed",
    ),
    "events in the API's own process": (
        {"events": "embedded"},
        "at '/events': value must be one of 'worker', 'celery'",
    ),
    "a secret that there is not": (
        {"secretKeys": ["REDIS_PASSWORD"]},
        "at '/secretKeys/0': value must be one of",
    ),
    "no requests": (
        {"worker": {"resources": {"requests": None}}},
        "at '/worker/resources': missing property 'requests'",
    ),
    "a gateway without a name": (
        {"httpRoute": {"enabled": True}},
        "httpRoute.parentRefs is empty: name the gateway",
    ),
    "KEDA without Prometheus": (
        {"worker": {"keda": {"enabled": True}}},
        "worker.keda.serverAddress is missing",
    ),
    "a drain that is longer than the grace": (
        {"settings": {"DRAIN_SECONDS": 61, "STOP_SECONDS": 90}},
        "it must fit into terminationGracePeriodSeconds, which is 60. Raise that, or drain for",
    ),
    "a drain that leaves too little of the grace": (
        {"settings": {"DRAIN_SECONDS": 30.5, "STOP_SECONDS": 50}},
        "settings.DRAIN_SECONDS is 30.5: with preStopSeconds and 25 seconds",
    ),
    "a stop that is longer than the grace": (
        {"settings": {"STOP_SECONDS": 51}},
        "settings.STOP_SECONDS is 51: with preStopSeconds and 5 seconds it must fit",
    ),
    "a drain that is longer than the stop": (
        {"settings": {"DRAIN_SECONDS": 21}},
        "settings.DRAIN_SECONDS is 21: it must leave 10 seconds of STOP_SECONDS, which is 30",
    ),
    "a drain behind the chart's back": (
        {"extraEnv": [{"name": "DRAIN_SECONDS", "value": "300"}]},
        "extraEnv must not set DRAIN_SECONDS",
    ),
    "a secret beside its file": (
        {"extraEnv": [{"name": "DATABASE_URL", "value": "sqlite:////tmp/a.db"}]},
        "extraEnv must not set DATABASE_URL",
    ),
}
REMOVED = {
    "existingSecret": "missing property 'existingSecret'",
    "image": "at '/image': missing properties 'repository', 'tag'",
    "settings": "at '/settings': missing properties 'ALLOWED_HOSTS', 'MAIL_FROM', 'PUBLIC_URL'",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_its_place(helm: Helm, mistake: str) -> None:
    values, said = MISTAKES[mistake]
    with pytest.raises(Refused) as refused:
        helm.render(merged(REQUIRED, values))
    assert said in str(refused.value)


@pytest.mark.parametrize("missing", REMOVED)
def test_a_missing_value_is_named(helm: Helm, missing: str) -> None:
    values = {name: value for name, value in REQUIRED.items() if name != missing}
    with pytest.raises(Refused) as refused:
        helm.render(values)
    assert REMOVED[missing] in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("replica", 1), ("replicas", "two"), ("minReadySeconds", "soon")],
)
def test_the_check_of_manifests_finds_what_kubernetes_would_refuse(
    helm: Helm, field: str, value: object
) -> None:
    pod = {"containers": [{"name": "a", "image": "b"}]}
    spec = {"selector": {}, "template": {"spec": pod}}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
    helm.validate({**manifest, "spec": spec}, "1.32")
    with pytest.raises(Refused, match=field):
        helm.validate({**manifest, "spec": {**spec, field: value}}, "1.32")
