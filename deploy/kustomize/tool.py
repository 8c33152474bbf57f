"""Helm and the schemas of Kubernetes, for `make manifests`; they are installed in .venv-manifests.

Reads one request a line and answers each with a line, so that one process does all of them.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, Final

import helm_python  # type: ignore[import-not-found]  # it is not in .venv
import kubernetes_validate  # type: ignore[import-not-found]


def render(chart: str, values: dict[str, Any], name: str, namespace: str) -> dict[str, str]:
    """Return the manifests of each template, without a cluster. Raises HelmError."""
    with helm_python.Chart.load(chart) as loaded:
        texts: dict[str, str] = loaded.render(values, name=name, namespace=namespace)
        return texts


def lint(chart: str, values: dict[str, Any]) -> list[str]:
    """Return what Helm finds wrong in the chart."""
    messages = helm_python.lint(chart, values, strict=True)["messages"]
    return [each["error"] for each in messages if each["severity"] > 1]


def validate(manifest: dict[str, Any], version: str) -> None:
    """Raise ValidationError if a version of Kubernetes would refuse the manifest."""
    checked = kubernetes_validate.validate(manifest, version, strict=True)
    assert checked == version, f"there are no schemas of {version}"  # noqa: S101 - else older ones


ACTIONS: Final[dict[str, Callable[..., object]]] = {
    "render": render,
    "lint": lint,
    "validate": validate,
}


def answer(request: dict[str, Any]) -> dict[str, object]:
    try:
        return {"done": ACTIONS[request.pop("do")](**request)}
    except helm_python.HelmError as error:
        return {"refused": str(error)}
    except kubernetes_validate.ValidationError as error:
        path = ".".join(str(part) for part in error.path)
        return {"refused": f"{path}: {error.message}"}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201 - it is the answer
