"""Lists as one parameter, of any length: `column.in_(bindparam("ids"))`.

SQLAlchemy writes a parameter for each item, so a statement for each length. Here the text stays the
same: PostgreSQL gets an array, SQLite a JSON text.
"""

from typing import Any, Final

from sqlalchemy import BindParameter, Tuple
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.sql.compiler import OPERATORS
from sqlalchemy.sql.operators import in_op, not_in_op

from app.shared.infrastructure.database.column_types import ListOf

_ARRAYS: Final = {in_op: "{} = ANY ({})", not_in_op: "{} <> ALL ({})"}
_JSON: Final = {
    in_op: "{} IN (SELECT value FROM json_each({}))",
    not_in_op: "{} NOT IN (SELECT value FROM json_each({}))",
}


class PostgresCompiler(PGCompiler_asyncpg):
    def visit_in_op_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        return _written(self, binary, _ARRAYS[operator], options)

    visit_not_in_op_binary = visit_in_op_binary


class SqliteCompiler(SQLiteCompiler):
    def visit_in_op_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        return _written(self, binary, _JSON[operator], options)

    visit_not_in_op_binary = visit_in_op_binary


def _written(compiler: Any, binary: Any, template: str, options: dict[str, Any]) -> str:
    """Write a comparison with a list by the template; others as usual."""
    items = binary.right
    is_list = isinstance(items, BindParameter) and items.expanding
    if not is_list or options.get("literal_binds"):
        word = OPERATORS[binary.operator]
        return str(compiler._generate_generic_binary(binary, word, **options))  # noqa: SLF001
    if isinstance(binary.left, Tuple):
        message = f"IN with the list of tuples {items.key!r} has no fixed text: use or_(…)"
        raise TypeError(message)
    whole = items._clone(maintain_key=True)  # noqa: SLF001 - as SQLAlchemy itself copies one
    whole.expanding, whole.type = False, ListOf(items.type)
    return template.format(
        compiler.process(binary.left, **options), compiler.process(whole, **options)
    )
