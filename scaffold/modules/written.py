"""The fields of a module as somebody wrote them, with some more or with one less.

A field of a line is called `lines.discount`. Lines are written in brackets, or one by one.
"""

from collections.abc import Sequence

from scaffold.errors import Refusal

Written = tuple[str, ...]


def name_of(written: str) -> str:
    """Return the name of a field: `number`, `lines` for `lines(…)`, `lines.discount` in a line."""
    return written.partition("(")[0].partition(":")[0]


def names_of(written: Sequence[str]) -> list[str]:
    """Return the names of all fields, and of those in their lines."""
    found: dict[str, None] = {}
    for each in written:
        name = name_of(each)
        found |= dict.fromkeys([name.partition(".")[0], name])
        found |= {f"{name}.{name_of(child)}": None for child in _in_brackets(each)}
    return list(found)


def with_fields(written: Sequence[str], new: Sequence[str]) -> Written:
    """Return the fields with new ones; a new field of a line goes into its brackets."""
    result = list(written)
    for each in new:
        lines, _, child = name_of(each).partition(".")
        at = _brackets_of(result, lines) if child else None
        if at is None:
            result.append(each)
        else:
            result[at] = _with(result[at], [*_in_brackets(result[at]), each.partition(".")[2]])
    return tuple(result)


def without_field(written: Sequence[str], name: str) -> Written:
    """Return the fields without one. Raises Refusal if its lines would have no other."""
    lines, _, child = name.partition(".")
    if not child:
        return tuple(each for each in written if name_of(each).partition(".")[0] != name)
    at = _brackets_of(written, lines)
    left = list(written)
    if at is None:
        left = [each for each in written if name_of(each) != name]
    elif others := [each for each in _in_brackets(left[at]) if name_of(each) != child]:
        left[at] = _with(left[at], others)
    else:
        left = []
    if lines not in names_of(left):
        raise Refusal(f"{name}: {lines} would have no field without it; remove {lines}")
    return tuple(left)


def field_of(written: Sequence[str], name: str) -> Written:
    """Return the part of the fields that is one of them, so that it can be added again."""
    lines, _, child = name.partition(".")
    if child and (at := _brackets_of(written, lines)) is not None:
        children = _in_brackets(written[at])
        return tuple(f"{lines}.{each}" for each in children if name_of(each) == child)
    return tuple(each for each in written if name in {name_of(each), name_of(each).split(".")[0]})


def _brackets_of(written: Sequence[str], name: str) -> int | None:
    """Return where lines of a name are that are written in brackets."""
    found = (at for at, each in enumerate(written) if name_of(each) == name and "(" in each)
    return next(found, None)


def _in_brackets(written: str) -> list[str]:
    head, _, inside = written.partition("lines(")
    return inside.rpartition(")")[0].split() if head in {"", f"{name_of(written)}:"} else []


def _with(written: str, children: Sequence[str]) -> str:
    head, _, inside = written.partition("lines(")
    return f"{head}lines({' '.join(children)}){inside.rpartition(')')[2]}"
