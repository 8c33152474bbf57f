"""A flow has a step for each value that it leads to, with a verb where English has a known one."""

import pytest

from scaffold.modules.fields import parse_field
from scaffold.modules.flows import Flow, Step, verb_of


def flow(modifiers: str) -> Flow:
    field = parse_field(f"status:enum.draft.sent.paid.cancelled:{modifiers}")
    assert field.flow is not None
    return field.flow


@pytest.mark.parametrize("written", ["flow(draft>sent>paid)", "flow.draft.sent.paid"])
def test_a_path_is_read_with_brackets_and_without(written: str) -> None:
    assert flow(written).steps == (Step("send", ("draft",), "sent"), Step("pay", ("sent",), "paid"))
    assert flow(written).first == "draft"


@pytest.mark.parametrize(
    "written",
    [
        "flow(draft>sent>cancelled,draft>cancelled)",
        "flow.draft.sent.cancelled:flow.draft.cancelled",
    ],
)
def test_a_step_may_begin_with_several_values(written: str) -> None:
    assert flow(written).steps[1] == Step("cancel", ("sent", "draft"), "cancelled")


def test_a_flow_may_come_back() -> None:
    back = flow("flow(draft>sent>draft)").steps[1]
    assert back == Step("mark_as_draft", ("sent",), "draft")


def test_the_shortest_way_to_each_value_is_known() -> None:
    ways = flow("flow(draft>sent>paid,draft>paid)").ways
    assert {value: [step.verb for step in way] for value, way in ways.items()} == {
        "draft": [],
        "sent": ["send"],
        "paid": ["pay"],
    }


@pytest.mark.parametrize(
    ("value", "verb"),
    [
        ("approved", "approve"),
        ("closed", "close"),
        ("shipped", "ship"),
        ("published", "publish"),
        ("open", "mark_as_open"),
        ("in_progress", "mark_as_in_progress"),
    ],
)
def test_a_step_has_the_verb_of_its_value(value: str, verb: str) -> None:
    assert verb_of(value) == verb
