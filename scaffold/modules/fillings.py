"""Rows for the tests of query plans: a hundred thousand in each table, as SQL for PostgreSQL.

A user owns a hundred rows, and the values of a field are a permutation of 0 to 99 among them; of
shared rows, of 0 to 99,999. A filter accepts the last tenth, or the last thousandth.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scaffold.modules.examples import exact, example, literal, quoted
from scaffold.modules.fields import Field
from scaffold.modules.spec import ModuleSpec, filters_of
from scaffold.modules.types import Type

# Each is coprime to ten, so that its products are permutations, which differ by field.
_FACTORS: Final = (1, 37, 61, 83, 7, 13, 17, 19, 23, 29, 31, 41, 43, 47, 53, 59, 67, 71, 73, 79)
_DAY: Final = dt.date(2000, 1, 1)
_PLACE_LENGTH: Final = 6


@dataclass(frozen=True)
class Filling:
    """SQL for the rows of a table, and Python expressions for the parameters of statements."""

    columns: list[str]
    values: list[str]
    stored: Mapping[str, str]
    """What a row is changed to."""
    asked: Mapping[str, str]
    """The filters of the list, and the position of a page."""
    most_read: str = ""
    """How many rows a filtered page may read, if no index serves it."""


def filling_of(spec: ModuleSpec) -> Filling:
    """Return what fills the table of the module."""
    columns = ["id", "version", "created_at", "updated_at"]
    values = ["{ID}", "1", "{MINUTES_AGO}", "{MINUTES_AGO}"]
    if spec.is_owned:
        columns.append("owner_id")
        values.append("{OWNER}")
    scale = _Scale(spec.is_owned)
    asked: dict[str, str] = {}
    for number, each in enumerate(spec.columns):
        columns.append(each.name)
        values.append(_filled(each, scale, number))
        asked |= _asked(each, scale)
    asked |= {
        f"seen_{each.name}": _at(each.type, scale.middle, scale)
        for each in spec.columns
        if each.sort
    }
    filters = [each for each in spec.columns if each.filter]
    has_other_order = any(each.sort for each in spec.columns)
    is_simple = len(filters) == 1 and not has_other_order and _is_exact(filters[0])
    is_mixed = bool(filters) and not is_simple
    stored = {each.name: _stored(each) for each in spec.columns}
    return Filling(columns, values, stored, asked, scale.all_rows if is_mixed else "")


def _is_exact(each: Field) -> bool:
    """Return whether an index has the rows that a filter accepts, in the usual order."""
    return len(filters_of(each)) == 1 and each.type.word != "list"


def child_filling(spec: ModuleSpec, fields: tuple[Field, ...]) -> Filling:
    """Return what gives each row of the module one line."""
    columns = [f"{spec.name.one}_id", "position", *(each.name for each in fields)]
    values = ["{ID}", "0", *(_constant(each) for each in fields)]
    stored = {each.name: _stored(each) for each in fields}
    return Filling(columns, values, stored, {})


@dataclass(frozen=True)
class _Scale:
    """The positions of a field's values among the rows that a list can have."""

    is_owned: bool

    @property
    def count(self) -> int:
        return 100 if self.is_owned else 100_000

    @property
    def all_rows(self) -> str:
        return "100" if self.is_owned else "ROWS"

    @property
    def first_rare(self) -> int:
        return 90 if self.is_owned else 99_900

    @property
    def last(self) -> int:
        return 95 if self.is_owned else 99_950

    @property
    def middle(self) -> int:
        return self.count * 35 // 100

    def place(self, number: int) -> str:
        """Return the SQL of the position of the value of the row n, for the field of a number."""
        factor = _FACTORS[number % len(_FACTORS)]
        row = "n / 1000" if self.is_owned else "n"
        return f"{row} * {factor} % {self.count}" if factor > 1 else f"{row} % {self.count}"


def _filled(each: Field, scale: _Scale, number: int) -> str:
    place = scale.place(number)
    if each.sort or each.unique or (each.filter and len(filters_of(each)) > 1):
        return _spread(each, place, scale)
    if each.filter:
        return _rarely(each.type, f"{place} >= {scale.first_rare}")
    return _constant(each)


def _spread(each: Field, place: str, scale: _Scale) -> str:
    """Return the SQL of the value at a position."""
    length = each.type.length
    is_packed = each.unique and not scale.is_owned and length < _PLACE_LENGTH
    return {
        "str": f"chr(1000 + {place} / 1000) || chr(1000 + {place} % 1000)"
        if is_packed
        else f"lpad(({place})::text, {min(_PLACE_LENGTH, length)}, '0')",
        "email": f"lpad(({place})::text, {_PLACE_LENGTH}, '0') || '@example.com'",
        "int": place,
        "decimal": f"({place} % {10**each.type.digits})::numeric / {10**each.type.places}",
        "date": f"DATE '{_DAY}' + {place}",
        "datetime": f"TIMESTAMPTZ '{_DAY}Z' + ({place}) * INTERVAL '1 minute'",
    }.get(each.type.word, f"lpad(to_hex({place} + 1), 32, '0')::uuid")


def _rarely(type_: Type, condition: str) -> str:
    """Return the SQL of the value that a filter is tested with, where the condition holds."""
    if type_.word == "bool":
        return condition
    rare, often = _rare_and_often(type_)
    case = f"CASE WHEN {condition} THEN '{rare}' ELSE '{often}' END"
    if type_.word == "list":
        return f"ARRAY[{case}]::varchar[]"
    return f"lpad({case}, 32, '0')::uuid" if type_.word in {"uuid", "ref"} else case


def _rare_and_often(type_: Type) -> tuple[str, str]:
    if type_.word == "enum":
        return type_.values[-1], type_.values[0]
    if type_.word in {"uuid", "ref"}:
        return "1", "2"
    return "rare"[: type_.length], "often"[: type_.length]


def _asked(each: Field, scale: _Scale) -> dict[str, str]:
    if not each.filter:
        return {}
    names = filters_of(each)
    if len(names) > 1:
        places = (scale.first_rare, scale.last)
        return {
            name: _at(each.type, place, scale) for name, place in zip(names, places, strict=True)
        }
    if each.sort or each.unique:
        return {each.name: _at(each.type, scale.first_rare, scale)}
    if each.type.word == "bool":
        return {each.name: "True"}
    rare, _ = _rare_and_often(each.type)
    is_id = each.type.word in {"uuid", "ref"}
    return {each.name: "UUID(int=1)" if is_id else quoted(rare)}


def _at(type_: Type, place: int, scale: _Scale) -> str:
    """Return the expression of the value at a position."""
    length = min(_PLACE_LENGTH, type_.length)
    most = min(scale.count, 10**type_.digits)
    number = Decimal(place * most // scale.count).scaleb(-type_.places)
    return {
        "str": quoted(str(place).zfill(length)[:length]),
        "email": quoted(f"{str(place).zfill(_PLACE_LENGTH)}@example.com"),
        "int": str(place),
        "decimal": f'Decimal("{exact(type_, number)}")',
        "date": _python_date(_DAY + dt.timedelta(days=place)),
        "datetime": f"dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes={place})",
    }.get(type_.word, f"UUID(int={place + 1})")


def _python_date(day: dt.date) -> str:
    return f"dt.date({day.year}, {day.month}, {day.day})"


def _constant(each: Field) -> str:
    """Return the SQL of a value that all rows have."""
    sent = example(each.name, each.type, 0)
    return {
        "int": f"{sent}",
        "decimal": f"{sent}",
        "bool": "false",
        "date": f"DATE '{sent}'",
        "datetime": f"TIMESTAMPTZ '{sent}'",
        "uuid": f"'{sent}'::uuid",
        "ref": f"'{sent}'::uuid",
        "list": "ARRAY['first', 'second']::varchar[]",
        "text": f"'{str(sent).partition(',')[0]}'",
    }.get(each.type.word, f"'{sent}'")


def _stored(each: Field) -> str:
    """Return the expression of a value that no row has, if it is unique."""
    sent = example(each.name, each.type, 0)
    return {
        "str": quoted("z" * min(_PLACE_LENGTH, each.type.length)),
        "int": "1_000_000",
        "decimal": f'Decimal("{sent}")',
        "bool": "False",
        "date": "dt.date(1999, 12, 31)",
        "datetime": "dt.datetime(1999, 12, 31, tzinfo=dt.UTC)",
        "uuid": "UUID(int=10**9)",
        "ref": "UUID(int=10**9)",
        "list": '["first", "second"]',
        "text": quoted(str(sent).partition(",")[0]),
    }.get(each.type.word, literal(sent))
