"""`module add`: a module with all its files, its line in the container and its migration."""

import ast
from collections.abc import Sequence
from typing import Final

from scaffold import edits
from scaffold.draft import Draft
from scaffold.modules.kept import Kept, hash_of, path_of
from scaffold.modules.reading import MIGRATIONS, project_of
from scaffold.modules.render import registration, rendered
from scaffold.modules.spec import ModuleSpec, Project, module_spec
from scaffold.source import parsed

CONTAINER: Final = "app/container.py"
OF_CONTAINER: Final = "ApplicationContainer"


def add_module(
    draft: Draft,
    name: str,
    fields: Sequence[str],
    *,
    plural: str | None,
    is_owned: bool,
    only: Sequence[str],
) -> str:
    """Draft a new module; return what the developer does next. Raises Refusal."""
    project = project_of(draft.root)
    spec = module_spec(name, fields, plural=plural, is_owned=is_owned, only=only, project=project)
    files = {str(path): text for path, text in rendered(spec, project).items()}
    for path, text in files.items():
        draft.add(path, text)
    register(draft, *registration(spec, project))
    draft.add(path_of(name), _kept(spec, tuple(fields), project, files).as_toml())
    return (
        "Next: read the files, then `make migrate` and `make run`. Its tests: "
        f".venv/bin/pytest tests/unit/{name} tests/e2e/{name}"
    )


def register(draft: Draft, importing: str, line: str) -> None:
    """Add a module to the container: the line of its import, and its own."""
    ((statement,), (assigned,)) = parsed(importing).body, parsed(line).body
    assert isinstance(statement, ast.ImportFrom)  # noqa: S101 - both are the recipe's
    kind = statement.names[0].name

    def with_module(text: str) -> str:
        used = [node.id for node in ast.walk(parsed(text)) if isinstance(node, ast.Name)]
        if kind in used:  # the developer has written it by hand
            return text
        return edits.add_to_class(text, OF_CONTAINER, ast.unparse(assigned))

    draft.edit(
        CONTAINER,
        edits.importing(str(statement.module), kind),
        with_module,
        lines=f"{importing}\n\nclass {OF_CONTAINER}(BaseContainer):\n    {line}",
    )


def _kept(
    spec: ModuleSpec, fields: tuple[str, ...], project: Project, files: dict[str, str]
) -> Kept:
    referred = {each.type.module for each in spec.refs}
    return Kept(
        name=spec.name.one,
        plural=spec.name.many,
        fields=fields,
        is_owned=spec.is_owned,
        only=tuple(sorted(spec.use_cases)),
        after=project.head,
        base_head=project.base_head,
        references=tuple(each for each in project.references if each.name in referred),
        migrations=tuple(path for path in files if path.startswith(f"{MIGRATIONS}/")),
        tables=tuple(_tables(files)),
        hashes={path: hash_of(path, text.encode()) for path, text in files.items()},
    )


def _tables(files: dict[str, str]) -> list[str]:
    """Return the tables that the migration creates, in its order."""
    return [
        str(node.args[0].value)
        for path, text in files.items()
        if path.startswith(f"{MIGRATIONS}/")
        for node in ast.walk(parsed(text))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "op.create_table"
        and isinstance(node.args[0], ast.Constant)
    ]
