"""The violated constraint on SQLite, which names only the columns."""

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    create_engine,
    func,
    insert,
)
from sqlalchemy.exc import IntegrityError

from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.sqlite_errors import constraint_name

RULES = MetaData(naming_convention=metadata.naming_convention)
RULED = Table(
    "ruled",
    RULES,
    Column("id", Integer, primary_key=True),
    Column("one", Integer, unique=True),
    Column("two", Integer),
    Column("three", Integer),
    Column("four", Integer, nullable=False, default=4),
    Column("five", Integer),
    UniqueConstraint("two", "three", name="uq_two_and_three"),
    CheckConstraint("one > 0", name="positive"),
)
Index("ix_ruled_four", RULED.c.four, unique=True)
Index("ix_ruled_size_of_five", func.abs(RULED.c.five), unique=True)
Index("ix_ruled_two", RULED.c.two)


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ({"one": 1}, {"one": 1, "four": 5}, "uq_ruled_one"),
        ({"two": 2, "three": 3}, {"two": 2, "three": 3, "four": 5}, "uq_two_and_three"),
        ({"four": 4}, {"four": 4}, "ix_ruled_four"),
        ({"five": 5}, {"five": -5, "four": 5}, "ix_ruled_size_of_five"),
        ({"id": 1}, {"id": 1, "four": 5}, "pk_ruled"),
        ({}, {"one": -1, "four": 5}, "ck_ruled_positive"),
        ({}, {"four": None}, ""),
    ],
)
def test_a_violated_constraint_is_named(
    first: dict[str, int], second: dict[str, int], name: str
) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        RULES.create_all(connection)
        connection.execute(insert(RULED), first)
        with pytest.raises(IntegrityError) as refusal:
            connection.execute(insert(RULED), second)
    engine.dispose()
    assert constraint_name(str(refusal.value.orig), RULES) == name


@pytest.mark.parametrize(
    "message",
    [
        "UNIQUE constraint failed: nobodys.column",
        "UNIQUE constraint failed: ruled.nobodys",
        "FOREIGN KEY constraint failed",
        "anything else",
    ],
)
def test_an_unknown_constraint_has_no_name(message: str) -> None:
    assert constraint_name(message, RULES) == ""
