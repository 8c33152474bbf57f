"""The steps between the values of an enum: `flow(draft>sent>paid,draft>cancelled)`."""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from scaffold.errors import Refusal

# The verb of a step by the value that it leads to. Any other value gets `mark_as_VALUE`.
_VERBS: Final = {
    **{
        f"{verb}ed": verb
        for verb in ["accept", "assign", "confirm", "complete", "delay", "deliver"]
    },
    **{f"{verb}ed": verb for verb in ["fail", "finish", "fulfil", "inspect", "pack", "post"]},
    **{f"{verb}ed": verb for verb in ["publish", "reject", "reopen", "start", "suspend"]},
    **{
        f"{verb}d": verb
        for verb in ["activate", "approve", "archive", "cancele", "close", "complete"]
    },
    **{f"{verb}d": verb for verb in ["decline", "escalate", "expire", "invoice", "issue", "pause"]},
    **{
        f"{verb}d": verb for verb in ["receive", "release", "resolve", "resume", "retire", "revoke"]
    },
    **{f"{verb}d": verb for verb in ["schedule", "settle", "terminate", "validate"]},
    "booked": "book",
    "canceled": "cancel",
    "cancelled": "cancel",
    "done": "finish",
    "lost": "lose",
    "paid": "pay",
    "refunded": "refund",
    "sent": "send",
    "shipped": "ship",
    "signed": "sign",
    "sold": "sell",
    "submitted": "submit",
    "verified": "verify",
    "won": "win",
    "withdrawn": "withdraw",
}
_IS_A_USE_CASE: Final = ("create", "get", "list", "update", "delete")
_IS_AN_EVENT: Final = ("created", "updated", "deleted")


@dataclass(frozen=True)
class Step:
    """A transition: from one of several values to another one."""

    verb: str
    sources: tuple[str, ...]
    target: str

    @property
    def path(self) -> str:
        """The verb as part of an address."""
        return self.verb.replace("_", "-")


@dataclass(frozen=True)
class Flow:
    paths: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]

    @property
    def first(self) -> str:
        """The value of a new row."""
        return self.paths[0][0]

    @property
    def ways(self) -> dict[str, tuple[Step, ...]]:
        """The steps of the shortest way to each value that can be reached, the nearest first."""
        ways: dict[str, tuple[Step, ...]] = {self.first: ()}
        waiting = deque([self.first])
        while waiting:
            here = waiting.popleft()
            for step in self.steps:
                if here in step.sources and step.target not in ways:
                    ways[step.target] = (*ways[here], step)
                    waiting.append(step.target)
        return ways


def verb_of(target: str) -> str:
    """Return the name of the step to a value: `send` for `sent`, `mark_as_open` for `open`."""
    return _VERBS.get(target) or f"mark_as_{target}"


def read_paths(name: str, written: str) -> tuple[tuple[str, ...], ...]:
    """Return the values of each path of `flow(a>b>c,b>a)`, or of `flow.a.b.c`, in a shell."""
    if written.startswith("flow."):
        return (tuple(written.removeprefix("flow.").split(".")),)
    match = re.fullmatch(r"flow\(([A-Za-z0-9_>,\s]+)\)", written)
    if match is None:
        raise Refusal(f"{name}: {written!r} is no flow; write flow(draft>sent>paid)")
    return tuple(tuple(value.strip() for value in path.split(">")) for path in match[1].split(","))


def flow_of(name: str, values: Sequence[str], paths: Iterable[tuple[str, ...]]) -> Flow:
    """Return the flow along the paths. Raises Refusal for an unknown value, or an unclear step."""
    paths = tuple(paths)
    sources: dict[str, list[str]] = {}
    for path in paths:
        if len(path) < 2:  # noqa: PLR2004 - from one value to another
            raise Refusal(f"{name}: a flow has two values or more; write flow({path[0]}>…)")
        for value in path:
            if value not in values:
                raise Refusal(
                    f"{name}: {value!r} in the flow is no value of the enum; write one of "
                    f"{', '.join(values)}"
                )
        for source, target in pairwise(path):
            _require_new(name, source, target, sources.setdefault(target, []))
            sources[target].append(source)
    steps = tuple(Step(verb_of(target), tuple(found), target) for target, found in sources.items())
    _require_clear(name, steps)
    flow = Flow(paths, steps)
    ways = flow.ways
    for source in (source for step in steps for source in step.sources):
        if source not in ways:
            raise Refusal(
                f"{name}: a new row is {flow.first}, and no step leads from there to {source}; add "
                f"one, such as {flow.first}>{source}"
            )
    return flow


def _require_new(name: str, source: str, target: str, known: list[str]) -> None:
    if source == target:
        raise Refusal(f"{name}: the step {source}>{target} changes nothing; leave it out")
    if source in known:
        raise Refusal(f"{name}: the step {source}>{target} is there twice; leave one out")


def _require_clear(name: str, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps):
        if step.verb in _IS_A_USE_CASE or step.target in _IS_AN_EVENT:
            raise Refusal(
                f"{name}: the step to {step.target} would have a name that every module has "
                "already; give the value another name"
            )
        for other in steps[:number]:
            if other.verb == step.verb:
                raise Refusal(
                    f"{name}: the flow is ambiguous, since the steps to {other.target} and to "
                    f"{step.target} would both be called {step.verb}; give one value another name"
                )
        if not re.fullmatch(r"[a-z_]+", step.target):
            raise Refusal(
                f"{name}: the step to {step.target} is an event, whose name has only a to z; "
                "give the value another name"
            )
