"""The types that a request may have. Models and parameters are checked when a route is created.

For example, a plain `date` of Python could be sent as a number, or not at all in a strict body.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from decimal import Decimal
from enum import Enum
from itertools import chain
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Strict
from pydantic.fields import FieldInfo

from app.core.http.schema_types import Body, Parameters
from app.core.json_forms import NoForm

_INSTEAD: Final[Mapping[type, str]] = {
    Decimal: "Annotated[Decimal, Scale(2)] of schema_values.py",
    dt.datetime: "Timestamp",
    dt.date: "Date of schema_values.py",
    dt.time: "Time of schema_values.py",
    dt.timedelta: "Duration of schema_values.py",
    UUID: "Id",
    bytes: "a text, such as the bytes in base64",
    set: "list",
    frozenset: "list",
    tuple: "list",
}


def require_readable(model: type[BaseModel]) -> None:
    """Raise NoForm if a field of a body or query has no form, or more than one."""
    if not issubclass(model, Body | Parameters):  # such a model has Pydantic's own rules
        return
    walk = _Walk(is_text=issubclass(model, Parameters))
    validated = model.__pydantic_decorators__.field_validators.values()
    own = {name for each in validated for name in each.info.fields}
    for name, field in model.model_fields.items():
        if name not in own:
            marks = field.metadata
            hint = Annotated[field.annotation, *marks] if marks else field.annotation
            for problem in walk.problems(hint):
                raise NoForm(f"{model.__name__}.{name}: {problem}.")


def require_readable_parameter(name: str, hint: Any) -> None:
    """Raise NoForm if a parameter of a path has more than one form."""
    for problem in _Walk(is_text=True).problems(hint):
        raise NoForm(f"the path's {name}: {problem}.")


@dataclass(frozen=True, slots=True)
class _Walk:
    is_text: bool  # all values are text, as in a query

    def problems(self, hint: Any) -> Iterator[str]:
        hint, marks = _unwrapped(hint)
        if any(_reads(mark) for mark in marks):
            return
        origin, parts = get_origin(hint) or hint, get_args(hint)
        if origin in {Union, UnionType, list}:
            for part in parts:
                yield from self.problems(part)
        elif origin is dict and not self.is_text:
            yield from self.problems(parts[-1] if parts else Any)
        elif isinstance(origin, type):
            yield from self._of_class(origin, marks)

    def _of_class(self, kind: type, marks: list[Any]) -> Iterator[str]:
        is_lax = any(isinstance(mark, Strict) and not mark.strict for mark in marks)
        is_object = is_dataclass(kind) or issubclass(kind, BaseModel | dict)
        name = kind.__name__
        if kind in _INSTEAD:
            yield f"{name} has no form, or several; use {_INSTEAD[kind]}"
        elif self.is_text and is_object:
            yield f"{name} has no form in a query; use a parameter for each part"
        elif issubclass(kind, Body):
            require_readable(kind)
        elif is_dataclass(kind):
            yield f"{name} cannot be read from a body; use a Body, or a MoneyRange for Money"
        elif issubclass(kind, Enum) and not (self.is_text or is_lax):
            yield f"a strict body cannot contain a {name}; use Annotated[{name}, Choice]"


def _unwrapped(hint: Any) -> tuple[Any, list[Any]]:
    """Return the type without its annotations, and the annotations."""
    inner, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    told = [mark.metadata if isinstance(mark, FieldInfo) else [mark] for mark in marks]
    return inner, list(chain.from_iterable(told))


def _reads(mark: Any) -> bool:
    """Whether the type itself says how the value is read."""
    is_after = isinstance(mark, AfterValidator)
    return hasattr(mark, "__get_pydantic_core_schema__") and not is_after
