"""The names of a module, and those that a project cannot have."""

import pytest
from pydantic import BaseModel
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer
from sqlalchemy.sql.base import ColumnCollection

from scaffold.errors import Refusal
from scaffold.modules import reserved
from scaffold.modules.names import article_of, module_name, plural_of
from scaffold.modules.spec import Project, Reference, module_spec

PROJECT = Project(
    head="app_0001",
    modules=frozenset({"task", "user"}),
    tables=frozenset({"task", "user_account", "invoice_line"}),
    permissions=frozenset({"audit:read"}),
    events=frozenset({"letter.sent"}),
    paths=frozenset({"/api/v1/tasks", "/api/v1/jobs"}),
    references=(Reference("task", is_owned=True),),
)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("invoice", "invoices"),
        ("category", "categories"),
        ("day", "days"),
        ("box", "boxes"),
        ("branch", "branches"),
        ("address", "addresses"),
        ("person", "people"),
        ("purchase_order", "purchase_orders"),
    ],
)
def test_the_plural_follows_the_rules_of_english(one: str, many: str) -> None:
    assert plural_of(one) == many


@pytest.mark.parametrize(
    ("words", "article"),
    [("invoice", "an"), ("task", "a"), ("user", "a"), ("hour", "an"), ("unit", "a")],
)
def test_the_article_follows_the_sound(words: str, article: str) -> None:
    assert article_of(words) == article


def test_a_name_has_the_forms_of_code_of_addresses_and_of_sentences() -> None:
    name = module_name("purchase_order")
    assert (name.kind, name.kinds) == ("PurchaseOrder", "PurchaseOrders")
    assert (name.path, name.a_label) == ("purchase-orders", "a purchase order")


def test_a_plural_may_be_given() -> None:
    assert module_name("staff", "staff_members").many == "staff_members"


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        ("Invoice", "write words of the letters a to z"),
        ("invoice2", "write words of the letters a to z"),
        ("import", "keyword"),
        ("list", "builtin"),
        ("order", "SQL reserves this word"),
        ("line", "the code of every module uses this name"),
        ("news", "the plural would be the same; write another: --plural news_entries"),
    ],
)
def test_a_name_that_code_or_sql_cannot_have_is_refused(one: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        module_name(one)


@pytest.mark.parametrize(
    ("name", "fields", "reason"),
    [
        ("task", ["title:str"], "the module task is there already"),
        ("user_account", ["title:str"], "the table user_account is there already"),
        ("invoice", ["lines(name:str)"], "the table invoice_line is there already"),
        ("job", ["title:str"], "the path /api/v1/jobs is there already"),
        ("audit", ["title:str"], "the permission audit:read is there already"),
        (
            "letter",
            ["title:str", "status:enum.draft.sent:flow(draft>sent)"],
            "the event letter.sent is there already",
        ),
        ("letter", ["title:str", "plan_id:ref.plan"], "there is no module 'plan' to refer to"),
        ("letter", ["task_id:ref.task"], "nothing but ids can be changed"),
        ("letter", ["count:int:server:default=0"], "clients need a field to send"),
        (
            "letter",
            ["title:str", "a_b:enum.x.y:flow(x>y)", "c_d:enum.x.y:flow(x>y)"],
            "a module has one flow, and a_b has it",
        ),
        ("parcel", ["send:bool", "status:enum.new.sent:flow(new>sent)"], "rename the field"),
        ("letter", ["draft:enum.x.y"], "a class of every module has this name"),
        ("letter", ["due_on:date:filter", "due_on_to:str:filter"], "two filters"),
        ("letter", ["staff:lines(name:str)"], "lines have a plural"),
        ("letter", ["lines(letter_id:uuid)"], "every line has it by itself"),
        ("l" * 30, ["title:str"], "longer than a line; shorten the name"),
        ("l" * 20, [f"{'f' * 40}:str:unique"], "PostgreSQL cuts names of more than 63 letters"),
    ],
)
def test_what_does_not_fit_the_project_is_refused(
    name: str, fields: list[str], reason: str
) -> None:
    with pytest.raises(Refusal, match=reason):
        module_spec(name, fields, project=PROJECT)


@pytest.mark.parametrize(
    ("only", "reason"),
    [
        (["create", "read"], "--only read: write some of create,get,list,update,delete"),
        (["list"], "--only needs create and get too"),
    ],
)
def test_use_cases_that_make_no_module_are_refused(only: list[str], reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        module_spec("letter", ["title:str"], only=only, project=PROJECT)


def test_a_filter_on_a_list_of_shared_rows_is_refused() -> None:
    with pytest.raises(Refusal, match="no index serves a filter on a list"):
        module_spec("letter", ["tags:list.str:filter"], is_owned=False, project=PROJECT)


def test_the_reserved_words_are_those_of_the_libraries() -> None:
    assert {*RESERVED_WORDS, *SQLiteIdentifierPreparer.reserved_words} == reserved.OF_SQL
    names = {name for name in dir(ColumnCollection) if not name.startswith("_")}
    assert names | {"metadata"} == reserved.OF_SQLALCHEMY
    assert {name for name in dir(BaseModel) if not name.startswith("_")} == reserved.OF_PYDANTIC
