"""The names of a module, and the words that no name may be."""

import builtins
import keyword
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scaffold.errors import Refusal
from scaffold.modules.reserved import (
    NOT_A_FIELD,
    NOT_A_MODULE,
    OF_PYDANTIC,
    OF_SQL,
    OF_SQLALCHEMY,
)

MOST_LETTERS: Final = 63
"""The longest name that PostgreSQL keeps: of tables, columns, indexes and constraints."""

OF_EVERY_AGGREGATE: Final = ("id", "version", "created_at", "updated_at", "owner_id")
OF_PYTHON: Final = {*keyword.kwlist, *dir(builtins)}
MODULE: Final = re.compile(r"[a-z]+(_[a-z]+)*")
_FIELD: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

_IRREGULAR: Final = {
    "analysis": "analyses",
    "basis": "bases",
    "child": "children",
    "criterion": "criteria",
    "diagnosis": "diagnoses",
    "foot": "feet",
    "goose": "geese",
    "half": "halves",
    "knife": "knives",
    "leaf": "leaves",
    "life": "lives",
    "man": "men",
    "mouse": "mice",
    "person": "people",
    "shelf": "shelves",
    "thief": "thieves",
    "tooth": "teeth",
    "wife": "wives",
    "woman": "women",
}
_WITHOUT_PLURAL: Final = {
    *("advice", "cash", "equipment", "feedback", "fish", "furniture", "information", "luggage"),
    *("money", "news", "offspring", "rice", "series", "sheep", "species", "staff", "traffic"),
}
_AN_FOR_ITS_SOUND: Final = ("hono", "hour", "heir")
_A_FOR_ITS_SOUND: Final = ("eu", "one", "once", "ubi", "uni", "use", "user", "usa", "usu", "uti")


def plural_of(word: str) -> str:
    """Return the plural of the last word of a name. Raises Refusal if it would be the same."""
    *before, last = word.split("_")
    if last in _WITHOUT_PLURAL:
        raise Refusal(
            f"{word}: the plural would be the same; write another: --plural {last}_entries"
        )
    return "_".join([*before, _IRREGULAR.get(last) or _regular(last)])


def _regular(word: str) -> str:
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    if re.search(r"(s|x|z|ch|sh)$", word):
        return f"{word}es"
    return f"{word}s"


def article_of(words: str) -> str:
    """Return `a` or `an`, by the sound of the first word as far as its letters tell."""
    is_vowel = words[0] in "aeiou" and not words.startswith(_A_FOR_ITS_SOUND)
    return "an" if is_vowel or words.startswith(_AN_FOR_ITS_SOUND) else "a"


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


@dataclass(frozen=True)
class Name:
    """A name in the forms that code, addresses and sentences have."""

    one: str
    """Such as `purchase_order`: the module, its table and its parameter."""
    many: str

    @cached_property
    def kind(self) -> str:
        return camel(self.one)

    @cached_property
    def kinds(self) -> str:
        return camel(self.many)

    @cached_property
    def label(self) -> str:
        return self.one.replace("_", " ")

    @cached_property
    def labels(self) -> str:
        return self.many.replace("_", " ")

    @cached_property
    def a_label(self) -> str:
        return f"{article_of(self.label)} {self.label}"

    @cached_property
    def a_name(self) -> str:
        return f"{article_of(self.label)}_{self.one}"

    @cached_property
    def path(self) -> str:
        return self.many.replace("_", "-")


def module_name(one: str, many: str | None = None) -> Name:
    """Return the names of a module. Raises Refusal for a name that code or SQL cannot have."""
    for word, what in ((one, "a module"), (many or one, "a plural")):
        if not MODULE.fullmatch(word):
            raise Refusal(
                f"{word!r} is no name for {what}: write words of the letters a to z, joined by _, "
                "such as purchase_order"
            )
        _require_free(word, "another name, such as sales_order for order")
    if one in NOT_A_MODULE:
        raise Refusal(f"{one}: the code of every module uses this name; write another one")
    name = Name(one, many or plural_of(one))
    if name.one == name.many:
        raise Refusal(f"{one}: the plural must differ from the name; write --plural {one}_entries")
    return name


def require_field_name(name: str, *, is_column: bool = True) -> None:
    """Raise Refusal for a name that no field can have."""
    if not _FIELD.fullmatch(name):
        raise Refusal(
            f"{name!r} is no name for a field: write words of the letters a to z and digits, "
            "joined by _, such as due_on"
        )
    if name.endswith("password"):
        raise Refusal(f"{name}: passwords belong to accounts, which keep hashes; leave it out")
    if name in OF_EVERY_AGGREGATE:
        raise Refusal(f"{name}: every module has this field by itself; leave it out")
    _require_free(name, f"a name that says more, such as {name}_name or {name}_of_work")
    if name in OF_SQLALCHEMY and is_column:
        raise Refusal(f"{name}: SQLAlchemy reserves this name; write another, such as {name}_list")
    if name in OF_PYDANTIC or name in NOT_A_FIELD:
        raise Refusal(f"{name}: the code of every module uses this name; write another one")


def _require_free(name: str, instead: str) -> None:
    if keyword.iskeyword(name):
        raise Refusal(f"{name}: Python has this word as a keyword; write {instead}")
    if name in OF_PYTHON:
        raise Refusal(f"{name}: Python has a builtin of this name; write {instead}")
    if name in OF_SQL:
        raise Refusal(f"{name}: SQL reserves this word; write {instead}")
