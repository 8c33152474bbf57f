"""What the chart gives to Kubernetes, for many sets of values."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from app.cli import cli, documented_settings
from app.config.environment import EnvironmentSettings
from app.config.settings import InvalidSettingsError, Settings, load_settings
from app.container import ApplicationContainer
from app.main import build_app, create_metrics_app
from app.shared.composition import settings_of
from deploy.kustomize.helm import Helm
from tests.manifests.values import (
    CASES,
    LONG_NAME,
    REQUIRED,
    containers,
    manifests,
    merged,
    pods,
    variables,
)
from tests.support.module_settings import empty_environment
from tests.support.production import KEY, PRODUCTION
from tests.support.promtool import metrics_in

VERSIONS: Final = ("1.32", "1.33", "1.34", "1.35", "1.36", "1.37")
# Kubernetes does not know them: other projects bring them.
CUSTOM: Final = {"HTTPRoute", "PodMonitor", "ScaledObject"}
MODULES: Final = settings_of(ApplicationContainer)
KINDS: Final[list[type[EnvironmentSettings]]] = [Settings, *MODULES]
# OpenTelemetry reads them itself.
OF_OTHERS: Final = {"OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"}
SECONDS_TO_FINISH: Final = 25

Manifests = list[dict[str, Any]]
each_case = pytest.mark.parametrize("case", CASES)


@cache
def rendered(helm: Helm, case: str, name: str = "shop") -> Manifests:
    return manifests(helm, case, name)


@each_case
def test_every_supported_kubernetes_accepts_what_the_chart_gives(helm: Helm, case: str) -> None:
    found = rendered(helm, case)
    assert len(found) >= 6
    for manifest in found:
        for version in VERSIONS if manifest["kind"] not in CUSTOM else ():
            accept(helm, manifest, version)


def accept(helm: Helm, manifest: dict[str, Any], version: str, checked: set[str] = set()) -> None:  # noqa: B006 - it remembers
    """Check a manifest, unless the same one was checked: sets of values share most."""
    if (key := f"{version} {manifest}") not in checked:
        helm.validate(manifest, version)
        checked.add(key)


def test_helm_finds_nothing_wrong_in_the_chart(helm: Helm) -> None:
    assert helm.lint(REQUIRED) == []


@each_case
def test_each_pod_fits_the_restricted_standard(helm: Helm, case: str) -> None:
    for pod in pods(rendered(helm, case)).values():
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not any("hostPath" in volume for volume in pod["volumes"])
        for container in containers(pod):
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False
            assert own["readOnlyRootFilesystem"] is True
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert not any("hostPort" in port for port in container.get("ports", []))


@each_case
def test_each_container_asks_for_cpu_and_memory(helm: Helm, case: str) -> None:
    for pod in pods(rendered(helm, case)).values():
        for container in containers(pod):
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert "memory" in container["resources"]["limits"]


@each_case
def test_kubernetes_waits_until_a_process_has_ended(helm: Helm, case: str) -> None:
    found = rendered(helm, case)
    for name, pod in pods(found, "Deployment").items():
        for container in pod["containers"]:
            given = variables(found, container)
            drain = float(given.get("DRAIN_SECONDS", "5"))
            stop = float(given.get("STOP_SECONDS", "30"))
            before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {})
            assert bool(before) is name.endswith("-api")
            waits = pod["terminationGracePeriodSeconds"]
            assert waits >= before.get("seconds", 0) + drain + SECONDS_TO_FINISH
            assert waits >= before.get("seconds", 0) + stop + 5


@each_case
def test_names_and_labels_have_at_most_63_characters(helm: Helm, case: str) -> None:
    for manifest in rendered(helm, case, LONG_NAME):
        names = [manifest["metadata"]["name"], *manifest["metadata"]["labels"].values()]
        assert max(map(len, names)) <= 63


@each_case
def test_each_variable_is_a_setting_of_the_service(helm: Helm, case: str) -> None:
    names = {name for kind in KINDS for name in kind.variables()}
    found = rendered(helm, case)
    for pod in pods(found).values():
        for container in containers(pod):
            given = variables(found, container).keys()
            assert {name.removesuffix("_FILE") for name in given} - names - OF_OTHERS == set()


@each_case
def test_each_file_of_a_secret_is_mounted_where_its_variable_says(helm: Helm, case: str) -> None:
    found = rendered(helm, case)
    for pod in pods(found).values():
        items = {
            volume["name"]: {item["path"] for item in volume["secret"]["items"]}
            for volume in pod["volumes"]
            if "secret" in volume
        }
        for container in containers(pod):
            mounted = {
                f"{mount['mountPath']}/{path}"
                for mount in container["volumeMounts"]
                for path in items.get(mount["name"], ())
            }
            given = variables(found, container)
            assert mounted == {value for name, value in given.items() if name.endswith("_FILE")}


def test_only_what_migrates_gets_the_role_that_owns_the_tables(helm: Helm) -> None:
    for case in ("a role that owns the tables", "a job with the role of the owner"):
        found = rendered(helm, case)
        for pod in pods(found).values():
            for container in containers(pod):
                has_it = "MIGRATION_DATABASE_URL_FILE" in variables(found, container)
                assert has_it is (container["name"] == "migrate")
            mounts = {each["name"] for each in containers(pod)}
            volumes = {volume["name"] for volume in pod["volumes"]}
            assert ("owner" in volumes) is ("migrate" in mounts)


@each_case
def test_each_command_is_one_of_the_service(helm: Helm, case: str) -> None:
    commands = get_command(cli).commands  # type: ignore[attr-defined]  # it is a group
    for pod in pods(rendered(helm, case)).values():
        for container in containers(pod):
            name, *options = container["args"]
            known = {option for each in commands[name].params for option in each.opts}
            assert set(options) <= known


# --- What the service makes of it -----------------------------------------------------------------


@pytest.fixture
def started_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Returns the settings of a process in a container, with these secrets in its files."""

    def started_with(given: dict[str, str], **secrets: str) -> Settings:
        empty_environment(monkeypatch, tmp_path, *KINDS)
        for name, value in given.items():
            if name.endswith("_FILE"):
                file = tmp_path / name
                file.write_text(secrets[name.removesuffix("_FILE")])
                monkeypatch.setenv(name, str(file))
            else:
                monkeypatch.setenv(name, value)
        return load_settings(MODULES)

    return started_with


SECRETS: Final = {
    **{name: PRODUCTION[name] for name in ("JWT_SECRET_KEY", "SMTP_URL")},
    "CELERY_BROKER_URL": "amqps://shop:Xk29vLq8Tz@mq.example.com",
    "DATABASE_URL": "postgresql://shop:Xk29vLq8Tz@db.example.com:5432/shop?sslmode=require",
    "JWT_PREVIOUS_KEYS": KEY[::-1],
    "METRICS_TOKEN": KEY,
    "MIGRATION_DATABASE_URL": "postgresql://own:Yk29vLq8T@db.example.com/shop?sslmode=require",
    "REDIS_URL": "rediss://:Xk29vLq8Tz@redis.example.com:6379/1",
    "SENTRY_DSN": "https://key@sentry.example.com/1",
}


@each_case
def test_the_service_starts_in_production_with_what_it_is_given(
    helm: Helm, case: str, started_with: Any
) -> None:
    found = rendered(helm, case)
    events = merged(REQUIRED, CASES[case]).get("events", "worker")
    for pod in pods(found).values():
        for container in containers(pod):
            settings = started_with(variables(found, container), **SECRETS)
            assert settings.is_production
            assert settings.events == events
            assert (settings.web_concurrency, settings.metrics_port) == (1, 9000)
            assert events == "worker" or settings.event_processes == 1


def test_numbers_reach_the_service_as_they_were_written(helm: Helm, started_with: Any) -> None:
    found = rendered(helm, case := "numbers as people write them")
    [container] = pods(found)["shop-api"]["containers"]
    settings = started_with(variables(found, container), **SECRETS)
    for name, value in CASES[case]["settings"].items():
        assert getattr(settings, name.lower()) == value


def test_no_pod_starts_on_a_database_in_a_file(helm: Helm, started_with: Any) -> None:
    found = rendered(helm, "what is required")
    for pod in pods(found).values():
        for container in containers(pod):
            with pytest.raises(InvalidSettingsError) as refused:
                started_with(
                    variables(found, container), **SECRETS | {"DATABASE_URL": "sqlite:////tmp/a.db"}
                )
            assert [each.split()[0] for each in refused.value.problems] == ["DATABASE_URL"]


@pytest.fixture(scope="module")
def routes() -> dict[str, set[str]]:
    """The paths that a process has at each of its ports."""
    settings = documented_settings()
    metrics = create_metrics_app(ApplicationContainer.build(settings))
    apps = {"http": build_app(settings, ApplicationContainer), "metrics": metrics}
    return {
        port: {getattr(route, "path", "") for route in app.routes} for port, app in apps.items()
    }


@each_case
def test_each_probe_asks_a_route_at_the_port_where_it_is(
    helm: Helm, case: str, routes: dict[str, set[str]]
) -> None:
    found = rendered(helm, case)
    for pod in pods(found, "Deployment").values():
        [container] = pod["containers"]
        given = variables(found, container)
        [port] = container["ports"]
        named = {"http": given["PORT"], "metrics": given["METRICS_PORT"]}
        assert str(port["containerPort"]) == named[port["name"]]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container[probe]["httpGet"]
            assert asked["path"] in routes[port["name"]]
            assert asked["port"] == port["name"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


# --- What belongs together ------------------------------------------------------------------------


@each_case
def test_each_selector_finds_pods_of_the_release_and_each_name_exists(
    helm: Helm, case: str
) -> None:
    found = rendered(helm, case)
    labels = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in found
        if each["kind"] in {"Deployment", "Job"}
    ]
    names = {(each["kind"], each["metadata"]["name"]) for each in found}
    for each in found:
        spec = each.get("spec", {})
        chosen = spec.get("podSelector") or spec.get("selector")
        if each["kind"] != "Job" and chosen:
            wanted = chosen.get("matchLabels", chosen)
            assert any(wanted.items() <= own.items() for own in labels), each["metadata"]["name"]
        if target := spec.get("scaleTargetRef"):
            assert ("Deployment", target["name"]) in names
            [scaled] = [
                one
                for one in found
                if one["kind"] == "Deployment" and one["metadata"]["name"] == target["name"]
            ]
            assert "replicas" not in scaled["spec"]  # else each upgrade would undo the scaling


def test_each_deployment_has_a_budget_and_is_spread(helm: Helm) -> None:
    found = rendered(helm, "celery")
    budgets = {
        each["metadata"]["name"]: each["spec"]
        for each in found
        if each["kind"] == "PodDisruptionBudget"
    }
    assert pods(found, "Deployment").keys() == budgets.keys()
    assert budgets.keys() == {"shop-api", "shop-worker", "shop-relay"}
    for each in budgets.values():
        assert (each["maxUnavailable"], each["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")
    for pod in pods(found).values():
        for each in pod["topologySpreadConstraints"]:
            assert each["matchLabelKeys"] == ["pod-template-hash"]


def test_workers_are_added_by_the_largest_age_and_not_by_a_sum(helm: Helm) -> None:
    expected = {
        "more workers for old deliveries": 'max(event_oldest_ready_seconds{job="prod/shop"})',
        "KEDA with the job of another Prometheus": 'max(event_oldest_ready_seconds{job="shop"})',
    }
    for case, query in expected.items():
        [scaled] = [each for each in rendered(helm, case) if each["kind"] == "ScaledObject"]
        [trigger] = scaled["spec"]["triggers"]
        assert trigger["metadata"]["query"] == query
        assert metrics_in(query) == {"event_oldest_ready_seconds"}
        assert trigger["metricType"] == "Value"
        assert all(isinstance(value, str) for value in trigger["metadata"].values())


def test_a_changed_setting_replaces_the_pods(helm: Helm) -> None:
    def annotations(case: str) -> list[str]:
        return [
            each["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]
            for each in rendered(helm, case)
            if each["kind"] == "Deployment"
        ]

    assert len(set(annotations("what is required"))) == 1
    assert annotations("what is required") == annotations("an ingress")
    assert annotations("what is required") != annotations("numbers as people write them")


def test_a_closed_network_lets_only_those_through_that_are_named(helm: Helm) -> None:
    [policy] = [
        each["spec"]
        for each in rendered(helm, "a closed network")
        if each["kind"] == "NetworkPolicy"
    ]
    assert all(rule["from"] for rule in policy["ingress"])
    to = {port["port"]: rule.get("to") for rule in policy["egress"] for port in rule["ports"]}
    assert to.keys() == {53, 6432, 443, 465, 587, 6379}
    assert to[6432] == [{"ipBlock": {"cidr": "10.0.0.7/32"}}]


def test_hosts_and_path_of_the_way_in_are_those_of_the_settings(helm: Helm) -> None:
    found = rendered(helm, "an ingress with TLS, below a path")
    [ingress] = [each["spec"] for each in found if each["kind"] == "Ingress"]
    hosts = ["api.example.com", "example.com"]
    assert [rule["host"] for rule in ingress["rules"]] == hosts == ingress["tls"][0]["hosts"]
    assert {path["path"] for rule in ingress["rules"] for path in rule["http"]["paths"]} == {
        "/shop"
    }
    [route] = [each["spec"] for each in rendered(helm, "a gateway") if each["kind"] == "HTTPRoute"]
    assert route["hostnames"] == ["api.example.com"]
    assert route["rules"][0]["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
