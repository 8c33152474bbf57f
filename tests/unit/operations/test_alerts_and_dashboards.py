"""The rules of Prometheus and the dashboards of Grafana that come with the service."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from deploy.dashboards.make import made
from tests.support.guides import Shell, commands_run_by
from tests.support.promtool import DASHBOARDS, ROOT, RULES, Promtool, alerts, metrics_in, panels

TESTS = sorted((ROOT / "deploy/alerts/tests").glob("*.yaml"))
RUNBOOKS = sorted((ROOT / "docs/operations/runbooks").glob("*.md"))


def test_there_are_rules_and_dashboards_to_look_at() -> None:
    assert [file.name for file in TESTS] == [file.name for file in RULES]
    assert len(alerts()) > 12
    assert {file.stem for file in DASHBOARDS} == {"overview", "service", "events"}


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_alerts_of_a_file_begin_and_end_when_they_should(
    promtool: Promtool, file: Path
) -> None:
    promtool.run("test", "rules", file)


def test_the_command_of_the_guide_tests_all_rules(promtool: Promtool) -> None:
    [command] = commands_run_by(__file__)
    with Shell(ROOT, {"PATH": str(Path(promtool.program).parent)}) as shell:
        assert shell.run(command).count("SUCCESS") == len(TESTS)


def test_each_alert_is_tried_with_data_on_which_it_is_raised_and_on_which_it_is_not() -> None:
    raised: set[str] = set()
    silent: set[str] = set()
    for file in TESTS:
        for test in YAML(typ="safe").load(file.read_text("utf-8"))["tests"]:
            for case in test["alert_rule_test"]:
                (raised if "exp_alerts" in case else silent).add(case["alertname"])
    assert (alerts().keys() - raised, alerts().keys() - silent) == (set(), set())


def test_prometheus_reads_each_expression_of_rules_and_panels(
    promtool: Promtool, tmp_path: Path
) -> None:
    of_panels = [
        {"record": f"panel:{number}", "expr": expression}
        for number, (_, expression) in enumerate(panels())
    ]
    assert len(of_panels) > 25
    text = json.dumps({"groups": [{"name": "panels", "rules": of_panels}]})
    (tmp_path / "panels.yaml").write_text(text)
    promtool.run("check", "rules", "--lint=none", tmp_path / "panels.yaml", *RULES)


def test_each_alert_has_its_runbook_and_each_runbook_its_alert() -> None:
    named = {name: rule["annotations"]["runbook"] for name, rule in alerts().items()}
    written = {
        file.read_text("utf-8").partition("\n")[0].removeprefix("# "): str(file.relative_to(ROOT))
        for file in RUNBOOKS
    }
    assert named == written


def test_each_alert_says_who_has_to_act() -> None:
    assert {rule["labels"]["severity"] for rule in alerts().values()} == {"page", "ticket"}


def test_the_dashboards_are_as_the_code_makes_them() -> None:
    texts = {file: file.read_text("utf-8") for file in DASHBOARDS}
    assert texts == made(), "run: make dashboards"


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (job) (rate(a_total{b="c"}[5m])) / on (job) up > 2 * 0.1', {"a_total", "up"}),
        ("job:a_errors:ratio5m > 1 and absent(b_seconds)", {"b_seconds"}),
        ("histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))", {"a_bucket"}),
        ("time() - max(a_seconds) unless b_count", {"a_seconds", "b_count"}),
    ],
)
def test_the_names_of_metrics_are_found_in_an_expression(expression: str, names: set[str]) -> None:
    assert metrics_in(expression) == names
