"""How a field of each type is written: in the domain, in tables and in requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from scaffold.modules.names import camel
from scaffold.modules.types import Type

TEXT_LENGTH: Final = 10_000
MOST_ITEMS: Final = 20
_SHORT: Final = 20
_LONG: Final = 50


@dataclass(frozen=True)
class Form:
    """A type as the code of a module writes it."""

    hint: str
    """Of the domain, of views and of events."""
    column: str
    migration: str
    body: str
    """In a body: a type of the base, or the alias."""
    query: str = ""
    """In a query; some types have no filter."""
    alias: tuple[str, str] | None = None
    """A name and its `Annotated[…]`, which several classes of the schemas use."""
    constants: Mapping[str, int] = field(default_factory=dict)
    """The limits that the domain names."""


def form_of(name: str, type_: Type, enum: str) -> Form:
    """Return the form of a field. `name` begins its constants and aliases; `enum` is its class."""
    return _FORMS[type_.word](name, type_, enum)


def _str(name: str, type_: Type, _enum: str) -> Form:
    limit, alias = f"{name.upper()}_MAX_LENGTH", f"{camel(name)}Text"
    return Form(
        hint="str",
        column=f"String({limit})",
        migration=f"sa.String(length={type_.length})",
        body=alias,
        query=alias,
        alias=(alias, f"Annotated[Line, Length(1, {limit}), NOT_BLANK]"),
        constants={limit: type_.length},
    )


def _text(name: str, _type: Type, _enum: str) -> Form:
    limit, alias = f"{name.upper()}_MAX_LENGTH", f"{camel(name)}Text"
    return Form(
        hint="str",
        column="Text",
        migration="sa.Text()",
        body=alias,
        alias=(alias, f"Annotated[Text, Length(1, {limit}), NOT_BLANK]"),
        constants={limit: TEXT_LENGTH},
    )


_EMAIL: Final = Form(
    hint="EmailAddress",
    column="String(EmailAddress.MAX_LENGTH)",
    migration="sa.String(length=254)",
    body="Email",
)


def _decimal(name: str, type_: Type, _enum: str) -> Form:
    column, alias = f"ExactDecimal({type_.places}, digits={type_.digits})", f"{camel(name)}Number"
    return Form(
        hint="Decimal",
        column=column,
        migration=column,
        body=alias,
        query=alias,
        alias=(alias, f"Annotated[Decimal, Scale({type_.places}, digits={type_.digits})]"),
    )


def _enum(_name: str, type_: Type, hint: str) -> Form:
    length = max(_SHORT, *map(len, type_.values))
    length = _SHORT if length == _SHORT else _LONG
    return Form(
        hint=hint,
        column=f"String({length})",
        migration=f"sa.String(length={length})",
        body=f"Annotated[{hint}, Choice]",
        query=hint,
    )


def _list(name: str, type_: Type, _enum: str) -> Form:
    length, count = f"{name.upper()}_MAX_LENGTH", f"{name.upper()}_MAX_COUNT"
    item, alias = f"Annotated[Line, Length(1, {length}), NOT_BLANK]", f"{camel(name)}List"
    return Form(
        hint="list[str]",
        column=f"ListOf(String({length}))",
        migration=f"ListOf(sa.String(length={type_.length}))",
        body=alias,
        query=item,
        alias=(alias, f"Annotated[list[{item}], Field(max_length={count})]"),
        constants={count: MOST_ITEMS, length: type_.length},
    )


def _of(form: Form) -> Callable[[str, Type, str], Form]:
    return lambda _name, _type, _enum: form


_ID: Final = Form("UUID", "Uuid", "sa.Uuid()", "Id", "Id")
_FORMS: Final[Mapping[str, Callable[[str, Type, str], Form]]] = {
    "str": _str,
    "text": _text,
    "email": _of(_EMAIL),
    "int": _of(
        Form("int", "Integer", "sa.Integer()", "WholeNumber", "Annotated[WholeNumber, Digits]")
    ),
    "decimal": _decimal,
    "bool": _of(Form("bool", "Boolean", "sa.Boolean()", "bool", "Flag")),
    "date": _of(Form("dt.date", "Date", "sa.Date()", "Date", "Date")),
    "datetime": _of(Form("dt.datetime", "Timestamp", "Timestamp", "Timestamp", "Timestamp")),
    "uuid": _of(_ID),
    "ref": _of(_ID),
    "enum": _enum,
    "list": _list,
}
