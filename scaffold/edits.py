"""Edits of Python files: one import, statement, argument or element more, or one less.

Each finds its place in the syntax tree, changes the text there, and compares the trees before and
after. Comments and the format of the rest stay as they are. Where the place is not clear, Unclear
is raised.
"""

import ast
from bisect import bisect
from collections.abc import Callable, Sequence
from textwrap import indent

from scaffold.places import class_named, function_named, targets_of
from scaffold.rows import Part, Row, with_part
from scaffold.source import Source, Unclear, parsed

Edit = Callable[[str], str]

Place = Callable[[ast.Module], ast.AST]
"""Finds a part of a tree. Raises Unclear."""


# --- Imports ------------------------------------------------------------------------------------


def importing(module: str, name: str) -> Edit:
    """Return the edit that imports a name; see `add_import`."""
    return lambda text: add_import(text, module, name)


def add_import(text: str, module: str, name: str) -> str:
    """Import a name; nothing changes if it is imported already."""
    source = Source(text)
    of_module = _imports_of(source.tree, module)
    if any(
        alias.name == name and alias.asname is None for each in of_module for alias in each.names
    ):
        return text
    for statement in of_module:
        if statement.names[0].name != "*":
            return _with_alias(source, statement, name).text
    return _with_new_import(source, module, f"from {module} import {name}\n").text


def add_import_of(text: str, module: str, name: str | None = None) -> str:
    """Import a module itself, such as `import datetime as dt`, unless it is imported so already."""
    source = Source(text)
    imports = [each for each in source.tree.body if isinstance(each, ast.Import)]
    wanted = ast.dump(ast.alias(module, name))
    if any(ast.dump(alias) == wanted for each in imports for alias in each.names):
        return text
    line = f"import {module} as {name}" if name else f"import {module}"
    return _with_new_import(source, "", f"{line}\n").text


def remove_import(text: str, module: str, name: str) -> str:
    """Import a name no more. Raises Unclear if it is not imported."""
    source = Source(text)
    for statement in _imports_of(source.tree, module):
        found = [each for each in statement.names if each.name == name and each.asname is None]
        if found and len(statement.names) == 1:
            return _without(source, statement, source.tree.body).text
        if found:
            return _without_alias(source, statement, found[0]).text
    raise Unclear(f"it has no line: from {module} import {name}")


def _imports_of(tree: ast.Module, module: str) -> list[ast.ImportFrom]:
    return [
        each
        for each in tree.body
        if isinstance(each, ast.ImportFrom) and each.module == module and each.level == 0
    ]


def _with_alias(source: Source, statement: ast.ImportFrom, name: str) -> Source:
    index = source.tree.body.index(statement)

    def wanted(tree: ast.Module) -> None:
        its: ast.ImportFrom = tree.body[index]  # type: ignore[assignment]  # as in the other tree
        its.names.append(ast.alias(name))

    return with_part(source, Row(statement.names, source.end(statement)), name, wanted)


def _without_alias(source: Source, statement: ast.ImportFrom, alias: ast.alias) -> Source:
    index, at = source.tree.body.index(statement), statement.names.index(alias)

    def wanted(tree: ast.Module) -> None:
        its: ast.ImportFrom = tree.body[index]  # type: ignore[assignment]  # as in the other tree
        del its.names[at]

    if at + 1 < len(statement.names):
        start, end = source.start(alias), source.start(statement.names[at + 1])
    else:
        start, end = source.end(statement.names[at - 1]), source.end(alias)
    return source.spliced(start, end, "", wanted=wanted)


def _with_new_import(source: Source, module: str, line: str) -> Source:
    body = source.tree.body
    index = _place_of_import(body, module)
    follows = body[index - 1] if index else None
    place = source.start_of_line(body[index].lineno if index < len(body) else 1)
    if follows and (isinstance(follows, ast.Import | ast.ImportFrom) or index == len(body)):
        place = source.after_line(follows.end_lineno or 0)
    if follows and not isinstance(follows, ast.Import | ast.ImportFrom) and index == len(body):
        line = f"\n{line}"  # below the docstring
    if not (place == 0 or source.text[place - 1] == "\n"):
        line = f"\n{line}"
    return source.spliced(
        place, place, line, wanted=lambda tree: tree.body.insert(index, parsed(line).body[0])
    )


def _place_of_import(body: Sequence[ast.stmt], module: str) -> int:
    """Return the index of the new import: among those of its package in alphabetical order."""
    package = module.partition(".")[0]
    imports = [i for i, each in enumerate(body) if isinstance(each, ast.Import | ast.ImportFrom)]
    alike = [i for i in imports if _module_of(body[i]).partition(".")[0] == package]
    if package and alike:
        at = bisect([_module_of(body[i]) for i in alike], module)
        return alike[at - 1] + 1 if at else alike[0]
    if imports:
        return imports[-1] + 1
    return int(bool(body) and isinstance(body[0], ast.Expr) and _is_text(body[0].value))


def _module_of(statement: ast.stmt) -> str:
    return (isinstance(statement, ast.ImportFrom) and statement.module) or ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


# --- Statements ---------------------------------------------------------------------------------


def add_to_class(text: str, of: str, statement: str, *, after: Place | None = None) -> str:
    """Add a statement, such as a method, at the end of a class or after one of its statements."""
    source = Source(text)

    def body_of(tree: ast.Module) -> list[ast.stmt]:
        return class_named(of)(tree).body

    index = len(body_of(source.tree))
    if after is not None:
        index = 1 + body_of(source.tree).index(after(source.tree))  # type: ignore[arg-type]
    return _with_statement(source, body_of, index, statement).text


def add_to_module(text: str, statement: str, *, after: Place | None = None) -> str:
    """Add a statement at the end of the file, or after one of its statements."""
    source = Source(text)
    body = source.tree.body
    index = len(body) if after is None else 1 + body.index(after(source.tree))  # type: ignore[arg-type]
    return _with_statement(source, lambda tree: tree.body, index, statement).text


def add_before_return(text: str, function: str, statement: str) -> str:
    """Add a statement to a function that ends with `return`, before it."""
    source = Source(text)

    def body_of(tree: ast.Module) -> list[ast.stmt]:
        return function_named(function)(tree).body

    body = body_of(source.tree)
    if len(body) < 2 or not isinstance(body[-1], ast.Return):  # noqa: PLR2004 - one to be after
        raise Unclear(f"{function} does not end with one return after other statements")
    return _with_statement(source, body_of, len(body) - 1, statement).text


def remove_from_class(text: str, of: str, name: str) -> str:
    """Remove the assignment `name = …` from a class. Raises Unclear if it has none."""
    source = Source(text)
    body = class_named(of)(source.tree).body
    found = [each for each in body if name in targets_of(each)]
    if len(found) != 1:
        raise Unclear(f"{of} has {'several lines' if found else 'no line'}: {name} = …")
    if len(body) == 1:
        raise Unclear(f"{of} would be empty without {name}")
    return _without(source, found[0], body, in_class=of).text


def _with_statement(
    source: Source, body_of: Callable[[ast.Module], list[ast.stmt]], index: int, statement: str
) -> Source:
    before = body_of(source.tree)[index - 1]
    if not source.begins_line(source.start(before)):
        raise Unclear("several statements are on one line")
    margin = source.indent_of(source.start(before))
    new = indent(statement.strip("\n") + "\n", margin, lambda line: bool(line.strip()))
    place = source.after_line(before.end_lineno or 0)
    if not source.text[:place].endswith("\n"):
        new = "\n" + new
    if isinstance(parsed(statement).body[0], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        new = ("\n\n" if margin == "" else "\n") + new
        following = body_of(source.tree)[index:]
        if following and margin == "":
            new += "\n"
    return source.spliced(
        place,
        place,
        new,
        wanted=lambda tree: body_of(tree).__setitem__(slice(index, index), parsed(statement).body),
    )


def _without(
    source: Source, statement: ast.stmt, body: list[ast.stmt], *, in_class: str | None = None
) -> Source:
    index = body.index(statement)

    def wanted(tree: ast.Module) -> None:
        del (class_named(in_class)(tree).body if in_class else tree.body)[index]

    start = source.start_of_line(statement.lineno)
    return source.spliced(start, source.after_line(statement.end_lineno or 0), "", wanted=wanted)


# --- Arguments and elements ---------------------------------------------------------------------


def add_argument(text: str, call: Place, argument: str) -> str:
    """Add an argument at the end of those of a call: `name=value`, or a value."""
    source = Source(text)
    node = call(source.tree)
    if not isinstance(node, ast.Call):
        raise Unclear("there is no call")
    sample = parsed(f"f({argument})").body[0].value  # type: ignore[attr-defined]

    def wanted(tree: ast.Module) -> None:
        its: ast.Call = call(tree)  # type: ignore[assignment]  # as in the other tree
        its.args += sample.args
        its.keywords += sample.keywords

    parts: list[Part] = [*node.args, *node.keywords]
    row = Row(sorted(parts, key=source.start), source.end(node), source.end(node.func))
    return with_part(source, row, argument, wanted).text


def remove_argument(text: str, call: Place, name: str) -> str:
    """Remove the argument `name=…` of a call, which has another one before it."""
    source = Source(text)
    node = call(source.tree)
    if not isinstance(node, ast.Call):
        raise Unclear("there is no call")
    parts: list[Part] = sorted([*node.args, *node.keywords], key=source.start)
    at = [isinstance(each, ast.keyword) and each.arg == name for each in parts].index(True)

    def wanted(tree: ast.Module) -> None:
        its: ast.Call = call(tree)  # type: ignore[assignment]  # as in the other tree
        its.keywords = [each for each in its.keywords if each.arg != name]

    start, end = source.end(parts[at - 1]), source.end(parts[at])
    return source.spliced(start, end, "", wanted=wanted).text


def add_element(text: str, sequence: Place, element: str) -> str:
    """Add an element at the end of a tuple or a list."""
    source = Source(text)
    node = sequence(source.tree)
    if not isinstance(node, ast.Tuple | ast.List):
        raise Unclear("there is neither a tuple nor a list")

    def wanted(tree: ast.Module) -> None:
        its: ast.Tuple = sequence(tree)  # type: ignore[assignment]  # as in the other tree
        its.elts.append(ast.parse(element, mode="eval").body)

    row = Row(node.elts, source.end(node), source.start(node))
    alone = "," if isinstance(node, ast.Tuple) and not node.elts else ""
    return with_part(source, row, f"{element}{alone}", wanted).text


# --- Text ---------------------------------------------------------------------------------------


def add_line_of_text(text: str, constant: Place, line: str, *, before: str | None) -> str:
    """Add a line to a text of several lines, before another or as the last one."""
    source = Source(text)
    node = constant(source.tree)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise Unclear("there is no text")
    old = node.value if before is None else f"\n{before}\n"
    written = source.text[source.start(node) : source.end(node)]
    if "\n" not in node.value or node.value not in written or written.count(old) != 1:
        raise Unclear("the text is not one of several lines between triple quotes")
    new = f"{old}{line}\n" if before is None else f"\n{line}{old}"
    value = node.value.replace(old, new)

    def wanted(tree: ast.Module) -> None:
        its: ast.Constant = constant(tree)  # type: ignore[assignment]  # as in the other tree
        its.value = value

    start, end = source.start(node), source.end(node)
    return source.spliced(start, end, written.replace(old, new), wanted=wanted).text
