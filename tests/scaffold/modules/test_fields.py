"""Fields are read as the grammar says; everything else is refused with what to write instead."""

import pytest

from scaffold.errors import Refusal
from scaffold.modules.fields import Field, parse_field, parse_fields
from scaffold.modules.types import Type

ACCEPTED = {
    "customer_email:str": Field("customer_email", Type("email", length=254)),
    "title:str": Field("title", Type("str", length=200)),
    "number:str.20:unique": Field("number", Type("str", length=20), unique=True),
    "notes:text:optional": Field("notes", Type("text"), optional=True),
    "stars:int:filter:sort": Field("stars", Type("int"), filter=True, sort=True),
    "amount:decimal": Field("amount", Type("decimal", digits=12, places=2)),
    "ratio:decimal.5.4": Field("ratio", Type("decimal", digits=5, places=4)),
    "is_open:bool:default=true": Field("is_open", Type("bool"), default="true"),
    "due_on:date": Field("due_on", Type("date")),
    "closed_at:datetime:server:optional": Field(
        "closed_at", Type("datetime"), server=True, optional=True
    ),
    "external_id:uuid": Field("external_id", Type("uuid")),
    "size:enum.small.large": Field("size", Type("enum", values=("small", "large"))),
    "labels:list.str": Field("labels", Type("list", length=100)),
    "task_id:ref.task": Field("task_id", Type("ref", module="task")),
    "total:decimal.12.2:server:default=0.5": Field(
        "total", Type("decimal", digits=12, places=2), server=True, default="0.5"
    ),
}


@pytest.mark.parametrize("written", ACCEPTED)
def test_a_field_is_read(written: str) -> None:
    assert parse_field(written) == ACCEPTED[written]


LINES = Type(
    "lines",
    fields=(
        Field("name", Type("str", length=50)),
        Field("quantity", Type("decimal", digits=12, places=3), optional=True),
    ),
)


@pytest.mark.parametrize(
    "written",
    [
        ["lines(name:str.50 quantity:decimal.12.3:optional)"],
        ["lines:lines(name:str.50  quantity:decimal.12.3:optional)"],
        ["lines.name:str.50", "lines.quantity:decimal.12.3:optional"],
    ],
    ids=["in brackets", "with a name", "without brackets"],
)
def test_lines_are_read_in_each_form(written: list[str]) -> None:
    assert parse_fields(written) == (Field("lines", LINES),)


REFUSED = {
    # Names
    "Title:str": "write words of the letters a to z",
    "class:str": "Python has this word as a keyword",
    "type:str": "Python has a builtin of this name",
    "id:uuid": "every module has this field by itself",
    "owner_id:uuid": "every module has this field by itself",
    "order:int": "SQL reserves this word",
    "metadata:str": "SQLAlchemy reserves this name",
    "old_password:str": "passwords belong to accounts",
    "json:str": "the code of every module uses this name",
    "limit:int": "SQL reserves this word",
    "cursor:str": "the code of every module uses this name",
    # Types
    "title": "has no type: write name:TYPE",
    "title:string": "there is no type 'string'; write str",
    "title:str.0": "a str has 1 to 1000 characters",
    "title:str.10000": "'str.10000' is no str; write str or str.200",
    "title:str.many": "'str.many' is no str; write str or str.200",
    "notes:text.50": "'text.50' is no text; write text",
    "price:decimal.2.12": "a decimal has at most 18 digits",
    "price:decimal.12": "write decimal or decimal.12.2",
    "price:decimal.19.2": "a decimal has at most 18 digits",
    "size:enum": "an enum needs two values or more",
    "size:enum.small.Small": "the value small is there twice",
    "size:enum.small.2nd": "'2nd' is no value of an enum",
    "labels:list.int": "the one list is list.str",
    "task_id:ref": "a ref names one module; write task_id:ref.task",
    "task:ref.task": "a ref is an id, and its name says so; write task_id:ref",
    "lines()": "is no lines; write lines(description:str",
    "lines(name:str": "the brackets do not match",
    "lines(labels:list.str)": "lines.labels: a line has no list",
    "lines(name:str:unique)": "lines.name: the only modifier in a line is optional",
    "lines(position:int)": "lines.position: every line has it by itself",
    "lines(email:str)": "lines.email: a line has no email address",
    "parts(name:str)": "write name:lines(…)",
    # Modifiers
    "title:str:uniq": "there is no modifier 'uniq'; write unique",
    "title:str:unique:unique": "unique is there twice",
    "title:str:unique=yes": "unique stands alone; write unique",
    "notes:text:unique": "unique is not for a text",
    "labels:list.str:unique": "unique is not for a list",
    "lines(name:str):unique": "unique is not for a lines",
    "labels:list.str:sort": "sort is not for a list",
    "notes:text:filter": "filter is not for a text",
    "customer_email:str:filter": "a filter is part of addresses, which are logged",
    "total:int:server": "the service sets it, so it needs a value from the start",
    "lines(name:str):server": "clients send lines; leave server out",
    # Defaults
    "stars:int:default": "write default=X with the value",
    "stars:int:default=many": "'many' is not of the type int; write a whole number of 32 bits",
    "stars:int:default=99999999999": "is not of the type int",
    "price:decimal.4.2:default=1.005": "is not of the type decimal; write default=0.00",
    "price:decimal.4.2:default=100": "is not of the type decimal",
    "price:decimal.4.2:default=cheap": "is not of the type decimal",
    "is_open:bool:default=yes": "write default=true or default=false",
    "due_on:date:default=2026-02-30": "write default=2026-01-31",
    "size:enum.small.large:default=huge": "is not of the type enum; write default=small",
    "code:str.3:default=long": "is not of the type str; write 1 to 3 letters",
    "labels:list.str:default=a": "there is no default for a list; write optional instead",
    "stars:int:default=1:optional": "with a default, optional and unique make no sense",
    # Flows
    "title:str:flow(a>b)": "a flow has the values of an enum",
    "state:enum.draft.sent:flow(draft)": "a flow has two values or more",
    "state:enum.draft.sent:flow(draft>paid)": "'paid' in the flow is no value of the enum",
    "state:enum.draft.sent:flow[draft>sent]": "there is no modifier",
    "state:enum.draft.sent:flow(draft>draft)": "the step draft>draft changes nothing",
    "state:enum.draft.sent:flow(draft>sent,draft>sent)": "the step draft>sent is there twice",
    "state:enum.draft.sent:flow(draft>sent):optional": "a flow begins with its first step",
    "state:enum.draft.canceled.cancelled:flow(draft>canceled,draft>cancelled)": (
        "the flow is ambiguous, since the steps to canceled and to cancelled would both be called "
        "cancel"
    ),
    "state:enum.draft.created:flow(draft>created)": "would have a name that every module has",
    "state:enum.draft.sent.lost.won:flow(draft>sent,lost>won)": "no step leads from there to lost",
    "state:enum.draft.step2:flow(draft>step2)": (
        "whose name has only a to z; give the value another name"
    ),
}


@pytest.mark.parametrize("written", REFUSED)
def test_anything_else_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_fields([written])
    assert REFUSED[written] in str(refusal.value)


def test_a_field_that_is_there_twice_is_refused() -> None:
    with pytest.raises(Refusal, match="title: this field is there twice"):
        parse_fields(["title:str", "title:text"])


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(Refusal, match="make two of it"):
        parse_fields(f"field{number}:str" for number in range(31))
