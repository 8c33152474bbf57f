"""Writes the settings in the chart's schema, and the base of Kustomize from the chart.

Run `make kustomize` after a change of a setting or of the chart.
"""

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from app.config.secret_files import is_secret
from app.config.settings import Settings
from deploy.kustomize.helm import CHART, Helm, started

BASE: Final = Path(__file__).parent / "base"
SCHEMA: Final = CHART / "values.schema.json"
# No project's own name: that may have an underscore, which names in Kubernetes must not have.
NAME: Final = "service"

# What the chart decides, what must be in a Secret of its own, and what only development has.
_NOT_GIVEN: Final = frozenset(
    {
        *("APP_ENV", "DATA_DIR", "EVENTS", "EVENT_PROCESSES", "HOST", "METRICS_PORT", "PORT"),
        *("MIGRATION_DATABASE_URL", "METRICS_FOLDER", "WEB_CONCURRENCY"),
        *("DATABASE_ECHO", "DEBUG", "RATE_LIMITS"),
    }
)
# An overlay must give the required settings; the service does not start without them.
_REQUIRED: Final = {
    "ALLOWED_HOSTS": "api.example.com",
    "MAIL_FROM": "no-reply@example.com",
    "PUBLIC_URL": "https://api.example.com",
}
_VALUES: Final = {
    "image": {"repository": NAME, "tag": "latest"},
    "existingSecret": NAME,
    "settings": _REQUIRED,
}
_HEADING: Final = "# Written by `make kustomize` from the chart in deploy/helm: change it there.\n"
_FORMS: Final = {bool: "boolean", int: "integer", float: "number"}

_yaml: Final = YAML()
_yaml.default_flow_style = False
_yaml.width = 10_000


def schema() -> str:
    """Return the chart's schema with the settings that the code has."""
    written = json.loads(SCHEMA.read_text("utf-8"))
    fields = {Settings.variable(name): field for name, field in Settings.model_fields.items()}
    secrets = {name for name, field in fields.items() if is_secret(field.annotation)}
    properties = written["properties"]
    properties["settings"]["properties"] = {
        name: _form(field)
        for name, field in sorted(fields.items())
        if name not in secrets | _NOT_GIVEN
    }
    properties["secretKeys"]["items"] = {"enum": sorted(secrets - _NOT_GIVEN)}
    return json.dumps(written, indent=2) + "\n"


def _form(field: FieldInfo) -> dict[str, Any]:
    """Return the JSON schema of a setting; a text has whatever form the service wants."""
    kind = field.annotation
    if get_origin(kind) in (Union, UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    limits = {
        name: limit
        for rule in field.metadata
        for name, of in (("minimum", "ge"), ("maximum", "le"))
        if (limit := getattr(rule, of, None)) is not None
    }
    form = next((name for type_, name in _FORMS.items() if kind is type_), None)
    return {"type": form, **limits} if form else {"type": "string"}


def base(helm: Helm) -> dict[Path, str]:
    """Return the text of each file of the base."""
    texts = helm.render(_VALUES, name=NAME, namespace="default")
    found = [each for text in texts.values() for each in YAML(typ="safe").load_all(text) if each]
    settings = [each for each in found if each["kind"] == "ConfigMap"]
    manifests = {
        BASE / _file_name(each): _without_helm(each)
        for each in found
        if each["kind"] != "ConfigMap"
    }
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(file.name for file in manifests),
        # Its name ends with a hash of its content, so pods are replaced when a setting changes.
        "configMapGenerator": [
            {"name": each["metadata"]["name"], "literals": list(_literals(each["data"]))}
            for each in settings
        ],
    }
    return {
        file: _HEADING + _text(content)
        for file, content in {**manifests, BASE / "kustomization.yaml": kustomization}.items()
    }


def _file_name(manifest: dict[str, Any]) -> str:
    component = manifest["metadata"]["name"].removeprefix(NAME)
    return f"{manifest['kind'].lower()}{component}.yaml"


def _literals(data: Mapping[str, str]) -> Iterator[str]:
    return (f"{name}={value}" for name, value in data.items() if name not in _REQUIRED)


def _without_helm(manifest: dict[str, Any]) -> dict[str, Any]:
    """Remove from a manifest what is Helm's own, or what Kustomize does in its own way."""
    for name in ("app.kubernetes.io/managed-by", "helm.sh/chart"):
        del manifest["metadata"]["labels"][name]
    if manifest["kind"] == "Deployment":
        del manifest["spec"]["template"]["metadata"]["annotations"]  # the hash of the settings
    return manifest


def _text(content: dict[str, Any]) -> str:
    _yaml.dump(content, text := StringIO())
    return text.getvalue()


if __name__ == "__main__":
    SCHEMA.write_text(schema(), encoding="utf-8")
    BASE.mkdir(exist_ok=True)
    with started() as helm:
        for file, text in base(helm).items():
            file.write_text(text, encoding="utf-8")
