"""Renames of modules and of what is in them, in the files that use them.

Names are followed from their imports: `from m import f`, `from m import f as g`, `import m` with
`m.f`, `from p import m` with `m.f`, and the text `"p.m.f"`, as tests write it. The tree is changed
too, and has to be what the new text gives.
"""

import ast
from collections.abc import Iterator

from scaffold.edits import Edit
from scaffold.source import Source, Unclear, parsed


def renamed_name(module: str, old: str, new: str) -> Edit:
    """Return the edit for a class, a function or a constant that has a new name."""
    return lambda text: _renamed(text, f"{module}.{old}", f"{module}.{new}")


def renamed_module(old: str, new: str) -> Edit:
    """Return the edit for a file that has a new name or place."""
    return lambda text: _renamed(text, old, new)


def _renamed(text: str, old: str, new: str) -> str:
    if old.rpartition(".")[2] not in text:
        return text
    source = Source(text.replace("\r\n", "\n"))
    rename = _Rename(source, old, new)
    wanted = rename.visit(parsed(source.text))
    result = source.text
    for start, end, part in sorted(rename.parts, reverse=True):
        result = result[:start] + part + result[end:]
    if ast.dump(parsed(result)) != ast.dump(wanted):
        raise Unclear(f"{old} is now {new}, and it is written in a way that is not understood")
    return result.replace("\n", "\r\n") if "\r\n" in text else result


class _Rename(ast.NodeTransformer):
    """Changes a tree, and notes which parts of the text have to change."""

    def __init__(self, source: Source, old: str, new: str) -> None:
        self._source = source
        self._old, self._new = old, new
        self.parts: list[tuple[int, int, str]] = []
        self._bound = dict(_imports(source.tree))
        """What each name of the file is that an import brought: its whole name."""
        self._local: dict[str, str] = {}
        """New names in the file."""
        leaf, new_leaf = old.rpartition(".")[2], new.rpartition(".")[2]
        if self._bound.get(leaf) == old and leaf != new_leaf:
            is_free = not {leaf, new_leaf} & set(_own_names(source.tree))
            if is_free and new_leaf not in self._bound:
                self._local[leaf] = new_leaf

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if node.module is None or node.level:
            return node
        if node.module == self._old or node.module.startswith(f"{self._old}."):
            start = self._source.text.index(node.module, self._source.start(node) + len("from"))
            module = self._new + node.module.removeprefix(self._old)
            self.parts.append((start, start + len(node.module), module))
            node.module = module
        for alias in node.names:
            if f"{node.module}.{alias.name}" == self._old:
                self._rename_alias(node.module, alias)
        return node

    def _rename_alias(self, module: str, alias: ast.alias) -> None:
        package, _, leaf = self._new.rpartition(".")
        if package != module:
            raise Unclear(f"{self._old} is now {self._new}: import it from {package}")
        start = self._source.start(alias)
        text = leaf
        if alias.asname is None and alias.name not in self._local:
            alias.asname = alias.name
            text = f"{leaf} as {alias.name}"
        self.parts.append((start, start + len(alias.name), text))
        alias.name = leaf

    def visit_Import(self, node: ast.Import) -> ast.Import:
        for alias in node.names:
            if alias.name == self._old or alias.name.startswith(f"{self._old}."):
                start = self._source.start(alias)
                name = self._new + alias.name.removeprefix(self._old)
                self.parts.append((start, start + len(alias.name), name))
                alias.name = name
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id in self._local:
            name = self._local[node.id]
            self.parts.append((self._source.start(node), self._source.end(node), name))
            node.id = name
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        dotted = _dotted(node)
        root, _, rest = dotted.partition(".")
        if root in self._bound and f"{self._bound[root]}.{rest}" == self._old:
            written = self._written(root, dotted)
            self.parts.append((self._source.start(node), self._source.end(node), written))
            changed = ast.parse(written, mode="eval").body
            changed.ctx = node.ctx  # type: ignore[attr-defined]  # it is an attribute too
            return changed
        self.generic_visit(node)
        return node

    def _written(self, root: str, dotted: str) -> str:
        """Return `m.f` with its new name, where `m` is what an import brought."""
        begin = self._bound[root]
        if not self._new.startswith(f"{begin}."):
            raise Unclear(f"{self._old} is now {self._new}, and is used as {dotted}")
        return root + self._new.removeprefix(begin)

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        value = node.value
        if isinstance(value, str) and (value == self._old or value.startswith(f"{self._old}.")):
            start, end = self._source.start(node), self._source.end(node)
            written = self._source.text[start:end]
            self.parts.append((start, end, written.replace(self._old, self._new, 1)))
            node.value = self._new + value.removeprefix(self._old)
        return node


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each name that an import brings, and what it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield alias.asname, alias.name
                else:
                    root = alias.name.partition(".")[0]
                    yield root, root


def _own_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that the file itself gives to something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id


def _dotted(node: ast.expr) -> str:
    """Return `a.b.c`, or nothing for another expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""
