"""Sets of values for the chart. Each has what is required, and what its name says."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ruamel.yaml import YAML

from app.config.settings import Settings
from deploy.kustomize.helm import CHART, ROOT, Helm

EXAMPLES: Final = ROOT / "deploy/examples"
REQUIRED: Final[dict[str, Any]] = YAML(typ="safe").load(EXAMPLES / "values.yaml")
SCHEMA: Final = json.loads((CHART / "values.schema.json").read_text("utf-8"))["properties"]
LONG_NAME: Final = "a" * 53  # the longest that Helm accepts

_PEER: Final = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}
_PROMETHEUS: Final = "http://prometheus.monitoring.svc:9090"


def _every_setting() -> dict[str, Any]:
    """Return an example of each setting that the schema knows."""
    examples = {Settings.variable(n): f.examples for n, f in Settings.model_fields.items()}
    given = SCHEMA["settings"]["properties"]
    return {
        name: _read((examples[name] or [""])[0], form.get("type")) for name, form in given.items()
    }


def _read(text: str, form: str | None) -> object:
    return json.loads(text) if form in {"integer", "number", "boolean"} else text


def merged(values: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with more of them, as Helm merges two files."""
    return {
        **values,
        **{
            name: merged(values[name], value)
            if isinstance(value, dict) and isinstance(values.get(name), dict)
            else value
            for name, value in more.items()
        },
    }


CASES: Final[dict[str, dict[str, Any]]] = {
    "what is required": {},
    "celery": {"events": "celery", "secretKeys": ["REDIS_URL"]},
    "a job that migrates": {"migrations": {"mode": "job"}},
    "a role that owns the tables": {"migrations": {"existingSecret": "owner"}},
    "a job with the role of the owner": {
        "migrations": {"mode": "job", "existingSecret": "owner"},
        "events": "celery",
    },
    "more pods for more requests": {"api": {"autoscaling": {"enabled": True}}},
    "more workers for old deliveries": {
        "worker": {"keda": {"enabled": True, "serverAddress": _PROMETHEUS}}
    },
    "KEDA with the job of another Prometheus": {
        "worker": {
            "keda": {
                "enabled": True,
                "serverAddress": _PROMETHEUS,
                "job": "shop",
                "seconds": 12.5,
                "minReplicas": 1,
            }
        }
    },
    "a gateway": {
        "httpRoute": {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}]}
    },
    "an ingress": {"ingress": {"enabled": True}},
    "an ingress with TLS, below a path": {
        "settings": {
            "ALLOWED_HOSTS": "api.example.com, example.com",
            "PUBLIC_URL": "https://example.com/shop",
        },
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "annotations": {"cert-manager.io/cluster-issuer": "public"},
            "tlsSecret": "certificate",
        },
    },
    "a monitor": {"podMonitor": {"enabled": True, "labels": {"release": "prometheus"}}},
    "no policy for the network": {"networkPolicy": {"enabled": False}},
    "a closed network": {
        "networkPolicy": {
            "clients": [_PEER],
            "scrapers": [_PEER],
            "egress": {
                "database": {"ports": [6432], "to": [{"ipBlock": {"cidr": "10.0.0.7/32"}}]},
                "https": {"ports": [443]},
                "broker": None,
            },
        }
    },
    "every secret": {"secretKeys": SCHEMA["secretKeys"]["items"]["enum"]},
    "every setting": {"settings": _every_setting()},
    "numbers as people write them": {
        "settings": {
            "EVENT_IN_FLIGHT": 100000,
            "QUOTA_IDEMPOTENCY_BYTES": 1_000_000_000_000,
            "OTEL_TRACES_SAMPLER_ARG": 0.00001,
            "DRAIN_SECONDS": 0,
            "DOCS": True,
        }
    },
    "what modules need": {
        "moduleSettings": {"SESSION_IDLE_DAYS": 7},
        "extraEnv": [
            {"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "deployment.environment=prod"},
            {
                "name": "OTEL_SERVICE_NAME",
                "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
            },
        ],
    },
    "certificates in a volume": {
        "extraVolumes": [{"name": "ca", "configMap": {"name": "database-ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/database", "readOnly": True}],
    },
    "other nodes": {
        "image": {"digest": f"sha256:{'0' * 64}", "pullPolicy": "Always"},
        "imagePullSecrets": ["registry"],
        "serviceAccountName": "shop",
        "podAnnotations": {"example.com/a": "b"},
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
    },
    "a long drain": {
        "settings": {"DRAIN_SECONDS": 30, "STOP_SECONDS": 60},
        "preStopSeconds": 10,
        "terminationGracePeriodSeconds": 90,
    },
    "everything at once": {
        "events": "celery",
        "api": {"replicas": 1, "autoscaling": {"enabled": True, "maxReplicas": 20}},
        "worker": {"keda": {"enabled": True, "serverAddress": _PROMETHEUS}},
        "relay": {"replicas": 1},
        "migrations": {"mode": "job", "existingSecret": "owner"},
        "podMonitor": {"enabled": True},
        "ingress": {"enabled": True},
        "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]},
    },
}


def manifests(helm: Helm, case: str, name: str = "shop") -> list[dict[str, Any]]:
    """Return what Helm gives to Kubernetes. Raises Refused."""
    values = merged(REQUIRED, CASES[case])
    return [each for text in helm.render(values, name).values() for each in _documents(text)]


def _documents(text: str) -> Iterator[dict[str, Any]]:
    return (each for each in YAML(typ="safe", pure=True).load_all(text) if each)


def pods(found: list[dict[str, Any]], *kinds: str) -> dict[str, dict[str, Any]]:
    """Return the specification of each pod, by the name of the object that makes it."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in found
        if each["kind"] in (kinds or ("Deployment", "Job", "StatefulSet"))
    }


def containers(pod: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def variables(found: list[dict[str, Any]], container: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables of a container, as Kubernetes puts them together."""
    maps = {each["metadata"]["name"]: each["data"] for each in found if each["kind"] == "ConfigMap"}
    given: dict[str, str] = {}
    for source in container.get("envFrom", []):
        given |= maps[source["configMapRef"]["name"]]
    return given | {each["name"]: each.get("value", "") for each in container.get("env", [])}
