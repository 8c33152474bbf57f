"""What a module gets of others in `app/container.py`: its references."""

import ast
from collections.abc import Mapping
from functools import partial

from scaffold import edits
from scaffold.draft import Draft
from scaffold.edits import Edit
from scaffold.errors import Refusal
from scaffold.modules.add import CONTAINER, OF_CONTAINER
from scaffold.modules.render import registration
from scaffold.modules.spec import ModuleSpec, Project
from scaffold.pieces.cycles import require_no_cycle
from scaffold.places import targets_of, value_of
from scaffold.source import parsed


def give_references(draft: Draft, before: ModuleSpec, after: ModuleSpec, project: Project) -> None:
    """Draft the arguments that a module has more or less than before. Raises Refusal."""
    name = after.name.one
    old, new = _arguments(before, project), _arguments(after, project)
    for module in {each.type.module for each in after.refs} - {
        each.type.module for each in before.refs
    }:
        require_no_cycle(draft.root, name, module)
        _require_above(draft, name, module)
    call = value_of(name, of=OF_CONTAINER)
    changes: list[Edit] = [
        partial(edits.add_argument, call=call, argument=f"{key}={value}")
        for key, value in new.items()
        if key not in old
    ]
    changes += [
        partial(edits.remove_argument, call=call, name=key) for key in old if key not in new
    ]
    if changes:
        line = registration(after, project)[1]
        draft.edit(CONTAINER, *changes, lines=f"class {OF_CONTAINER}(BaseContainer):\n    {line}")


def _arguments(spec: ModuleSpec, project: Project) -> Mapping[str, str]:
    (line,) = parsed(registration(spec, project)[1]).body
    call = line.value if isinstance(line, ast.Assign) else None
    given = call.keywords if isinstance(call, ast.Call) else []
    return {str(each.arg): ast.unparse(each.value) for each in given}


def _require_above(draft: Draft, name: str, other: str) -> None:
    """Raise Refusal unless the container has the other module before this one."""
    lines = [
        target
        for kind in parsed(draft.read(CONTAINER)).body
        if isinstance(kind, ast.ClassDef) and kind.name == OF_CONTAINER
        for statement in kind.body
        for target in targets_of(statement)
    ]
    if {name, other} <= {*lines} and lines.index(other) > lines.index(name):
        raise Refusal(
            f"{CONTAINER} has {name} above {other}, of which it would know; move the line of "
            f"{name} below that of {other}, commit, and give the command again"
        )
