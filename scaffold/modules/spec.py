"""What a module is to be, and what the project has already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from scaffold.errors import Refusal
from scaffold.modules.fields import Field, parse_fields
from scaffold.modules.flows import Step
from scaffold.modules.names import MOST_LETTERS, Name, camel, module_name

USE_CASES: Final = ("create", "get", "list", "update", "delete")
_LINE_LENGTH: Final = 100
_NEEDED: Final = {"create", "get"}
# `InvoiceDraft` and the like are classes of every module.
_NOT_AN_ENUM: Final = {
    *("changes", "command", "container", "controller", "draft", "fields", "list_parameters"),
    *("list_request", "patch", "reader", "repository", "summary", "unit_of_work", "view"),
}


@dataclass(frozen=True)
class Reference:
    """A module that others may refer to, and how they ask it for a row."""

    name: str
    is_owned: bool
    """Whether its reader asks for whom the row is wanted."""


@dataclass(frozen=True)
class Project:
    """What the project has already; all of it is read from its files."""

    head: str | None = None
    """The newest migration of the branch `app`, if there is any."""
    base_head: str = "base_0003"
    modules: frozenset[str] = frozenset()
    """The names that folders of modules and of their tests have."""
    tables: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    """Of its routes, such as `/api/v1/tasks`."""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class ModuleSpec:
    name: Name
    fields: tuple[Field, ...]
    is_owned: bool = True
    """Whether each row belongs to one user, and does not exist for others."""
    use_cases: frozenset[str] = field(default=frozenset(USE_CASES))
    unused: tuple[str, ...] = ()
    """The columns that are left of earlier fields, such as `note` and `lines.discount`."""

    @cached_property
    def sent(self) -> tuple[Field, ...]:
        """The fields that clients send."""
        return tuple(each for each in self.fields if each.is_sent)

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        return tuple(each for each in self.fields if each.type.word != "lines")

    @cached_property
    def lines(self) -> tuple[Field, ...]:
        return tuple(each for each in self.fields if each.type.word == "lines")

    @cached_property
    def refs(self) -> tuple[Field, ...]:
        return tuple(each for each in self.fields if each.type.word == "ref")

    @cached_property
    def stage(self) -> Field | None:
        """The field whose values have a flow."""
        return next((each for each in self.fields if each.flow), None)

    @cached_property
    def steps(self) -> Sequence[Step]:
        return self.stage.flow.steps if self.stage and self.stage.flow else ()


def module_spec(
    name: str,
    fields: Iterable[str],
    *,
    plural: str | None = None,
    is_owned: bool = True,
    only: Iterable[str] = USE_CASES,
    project: Project,
) -> ModuleSpec:
    """Return a module that fits the project. Raises Refusal: what is wrong and what to write."""
    spec = ModuleSpec(
        module_name(name, plural), parse_fields(fields), is_owned, _use_cases(list(only))
    )
    if not spec.sent:
        raise Refusal(f"{name}: clients need a field to send; add one, such as name:str")
    if "update" in spec.use_cases and all(each.type.word == "ref" for each in spec.sent):
        raise Refusal(
            f"{name}: nothing but ids can be changed; write --only create,get,list,delete, or add "
            "a field, such as note_text:str"
        )
    _require_free_names(spec, project)
    _require_clear_names(spec)
    _require_short_names(spec)
    for each in spec.fields:
        _require_fit(spec, each, project)
    return spec


def _use_cases(only: Sequence[str]) -> frozenset[str]:
    for each in only:
        if each not in USE_CASES:
            raise Refusal(f"--only {each}: write some of {','.join(USE_CASES)}")
    if missing := _NEEDED.difference(only):
        raise Refusal(
            f"--only needs {' and '.join(sorted(missing))} too: tests make and read rows; write "
            f"--only {','.join(each for each in USE_CASES if each in _NEEDED.union(only))}"
        )
    return frozenset(only)


def _require_free_names(spec: ModuleSpec, project: Project) -> None:
    name = spec.name
    taken = (
        (name.one in project.modules, f"the module {name.one}"),
        (name.one in project.tables, f"the table {name.one}"),
        *(
            (f"{name.one}_{one}" in project.tables, f"the table {name.one}_{one}")
            for one in _ones(spec)
        ),
        (f"/api/v1/{name.path}" in project.paths, f"the path /api/v1/{name.path}"),
        *(
            (f"{name.one}:{verb}" in project.permissions, f"the permission {name.one}:{verb}")
            for verb in ("read", "write")
        ),
        *(
            (f"{name.one}.{fact}" in project.events, f"the event {name.one}.{fact}")
            for fact in ("created", "updated", "deleted", *(step.target for step in spec.steps))
        ),
    )
    for is_taken, what in taken:
        if is_taken:
            raise Refusal(f"{name.one}: {what} is there already; write another name")


def _ones(spec: ModuleSpec) -> Iterable[str]:
    return (singular_of(each.name) for each in spec.lines)


def singular_of(many: str) -> str:
    """Return the name of one of the lines: `line` of `lines`, `item` of `items`."""
    if many.endswith("ies"):
        return f"{many[:-3]}y"
    if many.endswith(("sses", "xes", "zes", "ches", "shes")):
        return many[:-2]
    return many[:-1]


def _require_clear_names(spec: ModuleSpec) -> None:
    flows = [each.name for each in spec.fields if each.flow]
    if len(flows) > 1:
        raise Refusal(
            f"{flows[1]}: a module has one flow, and {flows[0]} has it; leave the second out"
        )
    names = {each.name for each in spec.fields}
    for step in spec.steps:
        if step.verb in names:
            raise Refusal(f"{step.verb}: a step of the flow has this name; rename the field")
    for each in spec.lines:
        if not each.name.endswith("s") or each.name.endswith("ss"):
            raise Refusal(f"{each.name}: lines have a plural, such as lines or items; rename it")
    _require_clear_classes(spec)
    filters = [name for each in spec.columns if each.filter for name in filters_of(each)]
    for name in filters:
        if filters.count(name) > 1:
            raise Refusal(f"{name}: two filters would have this name; rename a field")


def _require_clear_classes(spec: ModuleSpec) -> None:
    kinds: dict[str, str] = {}
    for each in spec.fields:
        for name, word in _classes(spec, each):
            if kinds.setdefault(name, word) != word:
                raise Refusal(f"{word}: {kinds[name]} would have the same class; rename one")
            if name in {camel(taken) for taken in _NOT_AN_ENUM}:
                raise Refusal(f"{word}: a class of every module has this name; rename the field")


def _classes(spec: ModuleSpec, each: Field) -> Iterable[tuple[str, str]]:
    if each.type.word == "enum":
        yield camel(each.name), each.name
    if each.type.word == "lines":
        one = singular_of(each.name)
        yield camel(one), each.name
        for child in each.type.fields:
            if child.type.word == "enum":
                yield camel(one) + camel(child.name), f"{each.name}.{child.name}"
            if child.name == f"{spec.name.one}_id":
                raise Refusal(
                    f"{each.name}.{child.name}: every line has it by itself; leave it out"
                )


def filters_of(each: Field) -> tuple[str, ...]:
    """Return the parameters of a filter: values with an order have a first and a last one."""
    if each.type.word in {"int", "decimal", "date", "datetime"}:
        return f"{each.name}_from", f"{each.name}_to"
    return (each.name,)


def _require_short_names(spec: ModuleSpec) -> None:
    one = spec.name.one
    names = [one, f"ix_{one}_owner_id_created_at"]
    owner = "owner_id_" if spec.is_owned else ""
    names += [f"uq_{one}_{owner}{each.name}" for each in spec.columns if each.unique]
    names += [f"ix_{one}_{owner}{each.name}" for each in spec.columns if each.sort or each.filter]
    names += [f"fk_{one}_{singular_of(each.name)}_{one}_id" for each in spec.lines]
    cases = [f"list_{spec.name.many}", *(f"{step.verb}_{one}" for step in spec.steps)]
    longest = max(cases, key=len)
    if len(f"from app.modules.{one}.application.usecases.{longest} import (") > _LINE_LENGTH:
        raise Refusal(f"{one}: an import of {longest} is longer than a line; shorten the name")
    longest = max(names, key=len)
    if len(longest) > MOST_LETTERS:
        raise Refusal(
            f"{longest}: PostgreSQL cuts names of more than {MOST_LETTERS} letters; shorten the "
            "name of the module or of the field"
        )


def _require_fit(spec: ModuleSpec, each: Field, project: Project) -> None:
    if each.filter and each.type.word == "list" and not spec.is_owned:
        raise Refusal(
            f"{each.name}: no index serves a filter on a list, so with --shared it would read the "
            "whole table; leave filter out"
        )
    if (each.filter or each.sort) and "list" not in spec.use_cases:
        raise Refusal(f"{each.name}: filter and sort are for list; add list to --only")
    known = [reference.name for reference in project.references]
    if each.type.word == "ref" and each.type.module not in known:
        raise Refusal(
            f"{each.name}: there is no module {each.type.module!r} to refer to; write ref. and one "
            f"of {', '.join(known) or 'none yet'}"
        )
