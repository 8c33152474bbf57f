"""Expressions that each database writes in its own way."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, FunctionElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class array_has(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether a JSON array of strings holds a string."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, array: ColumnElement[Any], item: ColumnElement[str]) -> None:
        super().__init__(array, item)


@compiles(array_has, "postgresql")
def _on_postgresql(element: array_has, compiler: SQLCompiler, **options: Any) -> str:
    array, item = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{array} ? CAST({item} AS TEXT)"


@compiles(array_has, "sqlite")
def _on_sqlite(element: array_has, compiler: SQLCompiler, **options: Any) -> str:
    array, item = (compiler.process(clause, **options) for clause in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({array}) WHERE json_each.value = {item})"  # noqa: S608 - both are compiled
