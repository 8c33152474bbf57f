"""Which modules know of which: none may come back to itself."""

import ast
from pathlib import Path

from scaffold.errors import Refusal
from scaffold.modules.reading import MODULES, modules_of, trees_in
from scaffold.modules.uses import modules_of_import
from scaffold.places import targets_of


def require_no_cycle(root: Path, module: str, other: str) -> None:
    """Raise Refusal if `other` knows of `module` already, directly or through others."""
    if module == other:
        return
    known = knowledge(root)
    if way := _way(known, other, module):
        raise Refusal(
            f"{other} knows of {module} already ({' → '.join(way)}), and then each would need the "
            f"other. Let {module} publish an event that {other} handles, or move what both need "
            "into one module"
        )


def knowledge(root: Path) -> dict[str, set[str]]:
    """Return which modules each one imports from, or gets something from in the container."""
    names = modules_of(root)
    known = {name: _imported(root / MODULES / name) & {*names} - {name} for name in names}
    tree = ast.parse((root / "app/container.py").read_bytes())
    for kind in tree.body:
        for statement in kind.body if isinstance(kind, ast.ClassDef) else ():
            used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            for name in targets_of(statement):
                if name in known:
                    known[name] |= used & {*names} - {name}
    return known


def _imported(folder: Path) -> set[str]:
    return {
        module.split(".")[2]
        for _, tree in trees_in(folder)
        for node in (ast.walk(tree) if tree else ())
        for module in modules_of_import(node)
        if module.startswith("app.modules.") and module.count(".") > 1
    }


def _way(known: dict[str, set[str]], start: str, end: str) -> list[str]:
    """Return the modules from one to another, each of which knows of the next."""
    waiting, seen = [[start]], {start}
    while waiting:
        way = waiting.pop(0)
        if way[-1] == end:
            return way
        for each in sorted(known.get(way[-1], set()) - seen):
            seen.add(each)
            waiting.append([*way, each])
    return []
