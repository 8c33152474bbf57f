"""The grammar of fields: `name:TYPE[:MOD…]`. docs/scaffold/fields.md explains it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from scaffold.errors import Refusal
from scaffold.modules.defaults import require_default
from scaffold.modules.flows import Flow, flow_of, read_paths
from scaffold.modules.names import article_of, require_field_name
from scaffold.modules.types import TYPES, Type, miswritten, nearest, read_type, require_type

MOST_FIELDS: Final = 30
_FLAGS: Final = ("optional", "unique", "filter", "sort", "server")
MODIFIERS: Final = (*_FLAGS, "default", "flow")

_ORDERED: Final = ("str", "email", "int", "decimal", "date", "datetime")
_UNIQUE: Final = ("str", "email", "int", "date", "datetime", "uuid", "ref")
_FILTERED: Final = (*_ORDERED, "bool", "uuid", "enum", "list", "ref")
_OF_A_LINE: Final = ("str", "text", "int", "decimal", "bool", "date", "datetime", "uuid", "enum")
# Query strings are logged, and so must not contain what identifies or authenticates a person.
_NOT_IN_URLS: Final = ("email", "mail", "username", "password", "token", "secret", "key")


@dataclass(frozen=True)
class Field:
    name: str
    type: Type
    optional: bool = False
    unique: bool = False
    filter: bool = False
    sort: bool = False
    server: bool = False
    default: str | None = None
    flow: Flow | None = None

    @property
    def is_sent(self) -> bool:
        """Whether clients send it: the service itself sets all others."""
        return not self.server and self.flow is None


def parse_fields(written: Iterable[str]) -> tuple[Field, ...]:
    """Return the fields of a module. Raises Refusal, whose sentence says what to write instead."""
    fields = tuple(parse_field(each) for each in _with_lines_in_brackets(written))
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise Refusal(f"{name}: this field is there twice; leave one out")
    if len(fields) > MOST_FIELDS:
        raise Refusal(
            f"{len(fields)} fields are more than {MOST_FIELDS}: a module of this size is hard to "
            "read; make two of it"
        )
    return fields


def _with_lines_in_brackets(written: Iterable[str]) -> Iterator[str]:
    """Join `lines.description:str lines.quantity:int`, which needs no quotes in a shell."""
    children: dict[str, list[str]] = {}
    for each in written:
        head = each.partition(":")[0]
        if "." in head and "(" not in head:
            name, _, child = each.partition(".")
            children.setdefault(name, []).append(child)
        else:
            yield each
    for name, fields in children.items():
        yield f"{name}:lines({' '.join(fields)})"


def parse_field(written: str) -> Field:
    """Return one field. Raises Refusal."""
    if written.startswith("lines("):
        written = f"lines:{written}"
    name, *parts = _split(written, ":")
    if "(" in name:
        raise Refusal(f"{written!r}: child rows have a name and a type; write name:lines(…)")
    if not parts:
        raise Refusal(
            f"{written!r} has no type: write name:TYPE, such as {name or 'number'}:str "
            f"(types: {', '.join(TYPES)})"
        )
    kind = _type(name, parts[0])
    require_field_name(name, is_column=kind.word != "lines")
    field = Field(name, kind)
    for modifier in parts[1:]:
        field = _modified(field, modifier)
    _check(field)
    return field


def _split(text: str, by: str) -> list[str]:
    """Split a text where it is outside of brackets. Raises Refusal for unbalanced ones."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            break
        if letter == by and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    if depth:
        raise Refusal(f"{text!r}: the brackets do not match; in a shell put quotes around it")
    return parts


# --- Lines --------------------------------------------------------------------------------------


def _type(name: str, written: str) -> Type:
    word, bracket, inside = written.partition("(")
    if not bracket:
        return read_type(name, written)
    require_type(name, word)
    if word != "lines" or not inside.removesuffix(")").strip():
        raise miswritten(name, word, written)
    fields = parse_fields(_split(" ".join(inside.removesuffix(")").split()), " "))
    for child in fields:
        _check_child(f"{name}.{child.name}", child)
    return Type("lines", fields=fields)


def _check_child(where: str, child: Field) -> None:
    if child.type.word == "email":
        raise Refusal(f"{where}: a line has no email address; move it to the module")
    if child.type.word not in _OF_A_LINE:
        raise Refusal(
            f"{where}: a line has no {child.type.word}; it may have {', '.join(_OF_A_LINE)}"
        )
    if child != Field(child.name, child.type, optional=child.optional):
        raise Refusal(f"{where}: the only modifier in a line is optional")
    if child.name == "position":
        raise Refusal(f"{where}: every line has it by itself; leave it out")


# --- Modifiers ----------------------------------------------------------------------------------


def _modified(field: Field, written: str) -> Field:
    word = re.split(r"[=.(]", written, maxsplit=1)[0]
    if word not in MODIFIERS:
        raise Refusal(f"{field.name}: there is no modifier {written!r}; {nearest(word, MODIFIERS)}")
    if word == "default":
        if not written.startswith("default="):
            raise Refusal(f"{field.name}: write default=X with the value, such as default=0")
        return replace(field, default=written.removeprefix("default="))
    if word == "flow":
        return _with_flow(field, written)
    if written != word:
        raise Refusal(f"{field.name}: {word} stands alone; write {word}")
    if getattr(field, word):
        raise Refusal(f"{field.name}: {word} is there twice; leave one out")
    flags: dict[str, bool] = {each: getattr(field, each) or each == word for each in _FLAGS}
    return Field(field.name, field.type, **flags, default=field.default, flow=field.flow)


def _with_flow(field: Field, written: str) -> Field:
    if field.type.word != "enum":
        raise Refusal(
            f"{field.name}: a flow has the values of an enum; write "
            f"{field.name}:enum.draft.sent:flow(draft>sent)"
        )
    paths = read_paths(field.name, written)
    before = field.flow.paths if field.flow else ()
    return replace(field, flow=flow_of(field.name, field.type.values, (*before, *paths)))


def _check(field: Field) -> None:
    name, word = field.name, field.type.word
    for modifier, words in (("unique", _UNIQUE), ("sort", _ORDERED), ("filter", _FILTERED)):
        if getattr(field, modifier) and word not in words:
            raise Refusal(
                f"{name}: {modifier} is not for {article_of(word)} {word}, only for "
                f"{', '.join(words)}; leave {modifier} out"
            )
    if field.unique and word == "str" and field.type.length < 2:  # noqa: PLR2004
        raise Refusal(f"{name}: a unique str needs two characters or more; write str.2 or longer")
    if field.filter and any(part in name for part in _NOT_IN_URLS) and not name.endswith("_id"):
        raise Refusal(
            f"{name}: a filter is part of addresses, which are logged, and the name says that it "
            "is personal or secret; leave filter out"
        )
    if field.flow is not None and (field.optional or field.server or field.default is not None):
        raise Refusal(
            f"{name}: a flow begins with its first step, and clients do not send it; leave "
            "optional, server and default out"
        )
    if word == "lines" and field.server:
        raise Refusal(f"{name}: clients send lines; leave server out")
    if field.default is not None:
        if field.optional or field.unique:
            raise Refusal(
                f"{name}: with a default, optional and unique make no sense; leave them out"
            )
        require_default(name, field.type, field.default)
    if field.server and not field.optional and field.default is None:
        raise Refusal(
            f"{name}: the service sets it, so it needs a value from the start; add optional or "
            "default=X"
        )
