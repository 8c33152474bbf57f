"""The sentences of a module's `__init__.py` that list its events."""

import ast
import re
import textwrap
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.source import Source, Unclear

_WIDTH: Final = 100


def published_too(draft: Draft, path: str, kind: str, name: str) -> None:
    """Add an event to what the module publishes, by its class or its name as the others are."""
    _listed(draft, path, "Publishes", kind, name)


def handled_too(draft: Draft, path: str, kind: str, name: str) -> None:
    """Add an event to what the module handles."""
    _listed(draft, path, "Handles", kind, name)


def published_again(before: str, ours: str, after: str) -> str:
    """Return our text with the events that `after` publishes more, or less, than `before`.

    Raises Unclear where one of the texts does not list them.
    """
    old, new = (_items(each, "Publishes") for each in (before, after))

    def changed(items: list[str]) -> list[str]:
        kept = [each for each in items if each in new or each not in old]
        return kept + [each for each in new if each not in {*old, *items}]

    _items(ours, "Publishes")
    return _with_docstring(ours, lambda told: _with_items(told, "Publishes", changed))


def _items(text: str, verb: str) -> list[str]:
    found: list[str] = []

    def seen(items: list[str]) -> list[str]:
        found.extend(items)
        return items

    _with_docstring(text, lambda told: _with_items(told, verb, seen))
    if not found:
        raise Unclear(f"its docstring does not say what it {verb.lower()}")
    return found


def _listed(draft: Draft, path: str, verb: str, kind: str, name: str) -> None:
    # It is a sentence for people: where it cannot be found, the developer writes it.
    with suppress(Refusal):
        draft.edit(
            path,
            lambda text: _with_docstring(text, lambda told: _with(told, verb, kind, name)),
            lines="",
        )


def _with_docstring(text: str, change: Callable[[str], str]) -> str:
    """Return the text with another docstring. Raises Unclear."""
    source = Source(text)
    told = source.tree.body[0] if source.tree.body else None
    if not isinstance(told, ast.Expr) or not isinstance(told.value, ast.Constant):
        raise Unclear("it has no docstring")
    written = text[source.start(told) : source.end(told)]
    if "\\" in written or not written.startswith('"""'):
        raise Unclear("its docstring is not written between three quotes")
    new = change(str(told.value.value))

    def wanted(tree: ast.Module) -> None:
        tree.body[0].value.value = new  # type: ignore[attr-defined]  # as above

    start, end = source.start(told), source.end(told)
    return source.spliced(start, end, f'"""{new}"""', wanted=wanted).text


def _with(docstring: str, verb: str, kind: str, name: str) -> str:
    """Return the docstring with one more event in the sentence of a verb."""
    item = f"`{name}`" if "`" in docstring or verb not in docstring else kind
    if item in docstring.partition(f"{verb} ")[2].partition(". ")[0]:
        return docstring
    if re.search(rf"{verb} .+?\.(?=\s|$)", docstring, re.DOTALL):
        return _with_items(docstring, verb, lambda items: [*items, item])
    paragraphs = docstring.rstrip().split("\n\n")
    last = " ".join(paragraphs[-1].split())
    if len(paragraphs) > 1:
        paragraphs[-1] = _wrapped(f"{last} {verb} {item}.")
    else:
        paragraphs.append(f"{verb} {item}.")
    return "\n\n".join(paragraphs) + "\n"


def _with_items(docstring: str, verb: str, change: Callable[[list[str]], list[str]]) -> str:
    """Return the docstring with other items in the sentence of a verb, if it has one."""
    paragraphs = docstring.rstrip().split("\n\n")
    for index, paragraph in enumerate(paragraphs):
        flat = " ".join(paragraph.split())
        if found := re.search(rf"{verb} (?:nothing|(?P<items>.+?))\.(?=\s|$)", flat):
            items = re.split(r", and |, | and ", found["items"]) if found["items"] else []
            sentence = f"{verb} {_and(change(items)) or 'nothing'}."
            paragraphs[index] = _wrapped(flat[: found.start()] + sentence + flat[found.end() :])
            break
    return "\n\n".join(paragraphs) + "\n"


def _and(items: list[str]) -> str:
    *first, last = items or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))
