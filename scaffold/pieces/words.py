"""Words of the names that pieces have."""

import keyword
import re
from typing import Final

from scaffold.errors import Refusal

_WORDS: Final = re.compile(r"[a-z]+(_[a-z]+)*")
# Of verbs that are not regular, and are used for what happens in a business.
_IRREGULAR: Final = """
begin begun, bind bound, break broken, bring brought, buy bought, choose chosen, cut cut,
draw drawn, find found, forget forgotten, freeze frozen, get got, give given, hide hidden,
hold held, keep kept, leave left, lend lent, lose lost, make made, pay paid, put put, read read,
run run, say said, see seen, sell sold, send sent, set set, show shown, shut shut, split split,
take taken, tell told, undo undone, withdraw withdrawn, win won, write written
"""
_PAST: Final = {pair.split()[0]: pair.split()[1] for pair in _IRREGULAR.split(",")}
_DOUBLED: Final = ("stop", "ship", "drop", "plan", "submit", "refer", "prefer", "commit", "permit")


def past_of(verb: str) -> str:
    """Return the past participle of a verb whose further words stay: `mark as paid`."""
    first, *rest = verb.split("_")
    return " ".join([_past(first), *rest])


def _past(verb: str) -> str:
    if verb in _PAST:
        return _PAST[verb]
    if verb.endswith("e"):
        return f"{verb}d"
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ied"
    return f"{verb}{verb[-1]}ed" if verb in _DOUBLED else f"{verb}ed"


def is_past(word: str) -> bool:
    """Return whether a word is a past participle, as far as its letters tell."""
    return word.endswith("ed") or word in _PAST.values()


def require_words(name: str, what: str, example: str) -> None:
    """Raise Refusal unless a name is made of small letters and `_`, and is not Python's."""
    if not _WORDS.fullmatch(name):
        raise Refusal(
            f"{name!r} is no name for {what}: write words of the letters a to z, joined by _, "
            f"such as {example}"
        )
    if keyword.iskeyword(name):
        raise Refusal(f"{name} is a word of Python; choose another name, such as {example}")
