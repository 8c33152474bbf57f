"""The test of a module's list: five rows, and which of them each order and filter shows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scaffold.modules.examples import Sent, default_sent, example
from scaffold.modules.fields import Field
from scaffold.modules.flows import Step
from scaffold.modules.spec import ModuleSpec, filters_of

_ALIKE: Final = (2, 0, 1, 0, 3)
_DIFFERENT: Final = (2, 0, 1, 4, 3)
_NEWEST_FIRST: Final = (4, 3, 2, 1, 0)


@dataclass(frozen=True)
class Listed:
    rows: list[dict[str, Sent]]
    cases: list[tuple[dict[str, str], list[int]]]
    step: Step | None
    """The first two rows go this step of the flow."""


def listed(spec: ModuleSpec) -> Listed:
    shown = [each for each in spec.columns if each.sort or each.filter]
    sent = [each for each in shown if each.is_sent and each.type.word != "ref"]
    values = {each.name: _values(each) for each in sent}
    step = next(iter(spec.steps), None) if spec.stage and spec.stage.filter else None
    cases: list[tuple[dict[str, str], list[int]]] = [
        ({}, list(_NEWEST_FIRST)),
        ({"sort": "created_at"}, sorted(_NEWEST_FIRST)),
    ]
    for each in shown:
        if each.sort:
            cases += _sorted(each, values.get(each.name, [None] * 5))
        if each.filter and each.type.word != "ref":
            cases += _filtered(each, values, step)
    rows = [{name: of_rows[row] for name, of_rows in values.items()} for row in range(5)]
    return Listed(rows, cases, step)


def _values(each: Field) -> list[Sent]:
    """Return the values of the five rows; the last one has none, if the field is optional."""
    places = _DIFFERENT if each.unique else _ALIKE
    values = [example(each.name, each.type, place) for place in places]
    if each.optional and each.type.word != "list":
        values[4] = None
    return values


def _sorted(each: Field, values: list[Sent]) -> Iterator[tuple[dict[str, str], list[int]]]:
    def key(row: int) -> Sent:
        of_row = values[row]
        return (of_row is None, _comparable(each, of_row), row)

    rows = sorted(range(5), key=key)
    yield {"sort": each.name}, rows
    yield {"sort": f"-{each.name}"}, rows[::-1]


def _comparable(each: Field, sent: Sent) -> Sent:
    if sent is None:
        return 0
    return float(sent) if each.type.word == "decimal" else sent


def _filtered(
    each: Field, values: Mapping[str, list[Sent]], step: Step | None
) -> Iterator[tuple[dict[str, str], list[int]]]:
    names = filters_of(each)
    if each.flow is not None and step is not None:
        yield {names[0]: step.target}, [1, 0]
        yield {names[0]: each.flow.first}, [4, 3, 2]
        return
    if each.server:
        yield from _filtered_by_default(each, names)
        return
    sought = example(each.name, each.type, 1)
    of_rows = values[each.name]
    if len(names) > 1:
        low, high = names
        yield {low: str(sought)}, _newest(v is not None and v >= sought for v in of_rows)
        yield {high: str(sought)}, _newest(v is not None and v <= sought for v in of_rows)
        yield {low: str(sought), high: str(sought)}, _newest(v == sought for v in of_rows)
    elif each.type.word == "list":
        yield {names[0]: sought[0]}, _newest(sought[0] in v for v in of_rows)
    else:
        yield {names[0]: _in_query(sought)}, _newest(v == sought for v in of_rows)


def _filtered_by_default(
    each: Field, names: tuple[str, ...]
) -> Iterator[tuple[dict[str, str], list[int]]]:
    """Yield the cases of a field that only the service sets: all rows have its default."""
    other = example(each.name, each.type, 1)
    sought = other[0] if each.type.word == "list" else other
    if each.default is None:
        yield {names[0]: _in_query(sought)}, []
    else:
        yield {names[0]: _in_query(default_sent(each.type, each.default))}, list(_NEWEST_FIRST)


def _in_query(sent: Sent) -> str:
    return str(sent).lower() if isinstance(sent, bool) else str(sent)


def _newest(fits: Iterable[bool]) -> list[int]:
    return [row for row, does in enumerate(fits) if does][::-1]
