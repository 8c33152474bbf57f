"""Modules that the recipe writes into a copy of the project."""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from scaffold.modules.render import registration, rendered
from scaffold.modules.spec import ModuleSpec, Project, Reference, module_spec
from tests.support.project_copy import register

INVOICE: Final = """
invoice number:str.20:unique customer_email:str currency:enum.BRL.EUR.USD
    amount:decimal.12.2:sort due_on:date:filter
    "status:enum.draft.sent.paid:flow(draft>sent>paid)"
    "lines(description:str quantity:decimal.12.3 unit_price:decimal.12.2)"
"""
PROJECT: Final = Project(
    head="app_0001",
    references=(Reference("task", is_owned=True), Reference("user", is_owned=False)),
)


def spec_of(line: str, project: Project = PROJECT) -> ModuleSpec:
    """Return the module of a line such as `note --shared title:str`."""
    name, *words = shlex.split(line)
    options = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
    return module_spec(
        name,
        fields_of(line),
        plural=options.get("plural"),
        is_owned="shared" not in options,
        only=options.get("only", "create,get,list,update,delete").split(","),
        project=project,
    )


def fields_of(line: str) -> list[str]:
    """Return the fields of such a line."""
    return [word for word in shlex.split(line)[1:] if not word.startswith("--")]


def add_modules(folder: Path, lines: Iterable[str]) -> None:
    """Write modules into a copy of the project, each after the ones that it refers to."""
    project, imports, modules = PROJECT, "", ""
    for line in lines:
        spec = spec_of(line, project)
        for path, text in rendered(spec, project).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        imported, module = registration(spec, project)
        imports, modules = f"{imports}{imported}\n", f"{modules}    {module}\n"
        project = Project(
            head=f"app_{int(str(project.head)[-4:]) + 1:04}",
            references=(*project.references, Reference(spec.name.one, spec.is_owned)),
        )
    register(folder, imports, modules)
