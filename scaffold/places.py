"""Finds parts of syntax trees, for edits. Each raises Unclear where there is not exactly one."""

import ast
from collections.abc import Callable, Iterable
from typing import TypeVar

from scaffold.source import Unclear

N = TypeVar("N", bound=ast.AST)


def class_named(name: str) -> Callable[[ast.Module], ast.ClassDef]:
    """Find a class of the file."""
    return lambda tree: _one(
        f"class {name}", (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    )


def function_named(name: str) -> Callable[[ast.Module], ast.FunctionDef]:
    """Find a function of the file."""
    return lambda tree: _one(
        f"function {name}",
        (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name),
    )


def value_of(name: str, *, of: str | None = None) -> Callable[[ast.Module], ast.expr]:
    """Find what is assigned to a name in the file, or in a class of it."""

    def find(tree: ast.Module) -> ast.expr:
        body = class_named(of)(tree).body if of else tree.body
        where = f"{of}." if of else ""
        statement = _one(
            f"{where}{name} = …",
            (
                n
                for n in body
                if isinstance(n, ast.Assign | ast.AnnAssign) and name in targets_of(n)
            ),
        )
        if statement.value is None:
            raise Unclear(f"{where}{name} has no value")
        return statement.value

    return find


def targets_of(statement: ast.stmt) -> list[str]:
    """Return the names that a statement assigns to."""
    if isinstance(statement, ast.Assign):
        return [each.id for each in statement.targets if isinstance(each, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def _one(what: str, found: Iterable[N]) -> N:
    nodes = list(found)
    if len(nodes) != 1:
        raise Unclear(f"it has {'several' if nodes else 'no'} `{what}`")
    return nodes[0]
