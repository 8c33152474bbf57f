"""No text of a request is normalized, folded or matched before its length is known."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from pydantic import BaseModel, ValidationError

import app.main  # noqa: F401 - so that every schema of the service is there
from app.core.http.schema_types import Body, Length, Parameters, invalid


def kinds_of(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("app."):
            yield kind
        yield from kinds_of(kind)


def texts_of_all() -> Iterator[Any]:
    """Each text that a request may contain: its model, its field, and a text that is too long."""
    for kind in [*kinds_of(Body), *kinds_of(Parameters)]:
        for name, schema in kind.model_json_schema()["properties"].items():
            text = schema.get("anyOf", [schema])[0]
            is_list = text.get("type") == "array" and "maxLength" in text["items"]
            text = text["items"] if is_list else text
            if "maxLength" in text:
                too_long = "\x00" * (Length.MOST_BECOME_ONE * text["maxLength"] + 1)
                value = [too_long] if is_list else too_long
                yield pytest.param(kind, name, value, id=f"{kind.__name__}.{name}")


TEXTS: Final = list(texts_of_all())


@pytest.mark.parametrize(("kind", "name", "value"), TEXTS)
def test_the_length_of_a_text_is_checked_before_it_is_normalized(
    kind: type[BaseModel], name: str, value: Any
) -> None:
    """A too long text with control characters gets the error of its length."""
    with pytest.raises(ValidationError) as error:
        kind.model_validate({name: value})
    errors = invalid(error.value, within="parameter").errors
    assert [each["code"] for each in errors if each["parameter"].startswith(name)] == ["too_long"]


def test_there_are_many_texts() -> None:
    assert len(TEXTS) >= 20
