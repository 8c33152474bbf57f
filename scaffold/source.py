"""Changes a text of Python so that nothing but the wanted part of it differs."""

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property


class Unclear(Exception):
    """The place of an edit was not found, or is not as the edit needs it; the message says why."""


@dataclass(frozen=True)
class Source:
    """A text, its syntax tree, and where the parts of the tree are in the text.

    Raises Unclear if it cannot be parsed.
    """

    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return parsed(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        starts[-1] = len(self.text)
        return starts

    def start_of_line(self, number: int) -> int:
        """Return where a line starts, the first being 1; after the last it is the end."""
        return self._starts[min(number - 1, len(self._starts) - 1)]

    def after_line(self, number: int) -> int:
        """Return where the line after this one starts."""
        return self.start_of_line(number + 1)

    def start(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> int:
        return self._place(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> int:
        return self._place(node.end_lineno or 0, node.end_col_offset or 0)

    def _place(self, line: int, column_in_bytes: int) -> int:
        begin = self.start_of_line(line)
        before = self.text[begin : self.start_of_line(line + 1)].encode()[:column_in_bytes]
        return begin + len(before.decode())

    def indent_of(self, place: int) -> str:
        """Return the white space with which the line of a place begins."""
        begin = self.text.rfind("\n", 0, place) + 1
        line = self.text[begin:]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def begins_line(self, place: int) -> bool:
        """Return whether only white space is before a place in its line."""
        begin = self.text.rfind("\n", 0, place) + 1
        return not self.text[begin:place].strip()

    @cached_property
    def tokens(self) -> list[tuple[int, tokenize.TokenInfo]]:
        """The tokens, each with its place in the text."""
        found = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [(self.start_of_line(each.start[0]) + each.start[1], each) for each in found]

    def comments(self) -> list[str]:
        return [each.string for _, each in self.tokens if each.type == tokenize.COMMENT]

    def tokens_between(self, start: int, end: int) -> Iterator[tuple[int, tokenize.TokenInfo]]:
        return ((place, each) for place, each in self.tokens if start <= place < end)

    def spliced(
        self, start: int, end: int, new: str, *, wanted: Callable[[ast.Module], object]
    ) -> "Source":
        """Replace a part of the text; `wanted` makes the same change in a tree of the old text.

        Raises Unclear unless both have the same meaning and all comments are kept.
        """
        result = Source(self.text[:start] + new + self.text[end:])
        expected = parsed(self.text)
        wanted(expected)
        if not _is_python(result.text) or ast.dump(result.tree) != ast.dump(expected):
            raise Unclear("it is written in a way in which the new part has no clear place")
        if result.comments() != self.comments():
            raise Unclear("a comment would be lost")
        return result


def _is_python(text: str) -> bool:
    try:
        parsed(text)
    except Unclear:
        return False
    return True


def parsed(text: str) -> ast.Module:
    """Return the syntax tree. Raises Unclear."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise Unclear(f"it is no Python that can be read ({error})") from error
