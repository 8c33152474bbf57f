"""What stands between two brackets, with commas: arguments, elements and imported names."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scaffold.source import Source

Part = ast.expr | ast.keyword | ast.alias


@dataclass(frozen=True)
class Row:
    """The parts, and where their brackets are."""

    parts: Sequence[Part]
    end: int
    """Behind the closing bracket, or behind the last part where there is none."""
    before: int = 0
    """Somewhere before the opening bracket, and behind any earlier one."""


def with_part(source: Source, row: Row, new: str, wanted: Callable[[ast.Module], object]) -> Source:
    """Add a part at the end; `wanted` makes the same change in a tree. Raises Unclear."""
    if not row.parts:
        opened = source.text.index("(" if source.text[row.end - 1] == ")" else "[", row.before)
        return source.spliced(opened + 1, row.end - 1, new, wanted=wanted)
    last = row.parts[-1]
    end = source.end(last)
    has_bracket = row.end > end and source.text[row.end - 1] in ")]"
    close = row.end - 1 if has_bracket else end
    between = source.text[end:close]
    if "\n" not in between:
        return source.spliced(end, close, f", {new}", wanted=wanted)
    has_comma = any(each.string == "," for _, each in source.tokens_between(end, close))
    margin = source.indent_of(source.start(last))
    line = source.text.rfind("\n", 0, close) + 1
    kept = ("" if has_comma else ",") + source.text[end:line]
    return source.spliced(end, line, f"{kept}{margin}{new},\n", wanted=wanted)
