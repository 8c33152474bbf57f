"""`event add`: one more event that a module publishes."""

import ast
from collections.abc import Sequence
from typing import Final

from scaffold import edits
from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.fields import Field, parse_fields
from scaffold.modules.names import camel
from scaffold.pieces.anatomy import Anatomy, events_of
from scaffold.pieces.samples import imports_of_samples, sample_of
from scaffold.pieces.summary import published_too
from scaffold.pieces.words import is_past, require_words
from scaffold.places import value_of
from scaffold.source import Unclear

_ANNOTATIONS: Final = {
    "str": "str",
    "text": "str",
    "enum": "str",
    "int": "int",
    "bool": "bool",
    "decimal": "Decimal",
    "date": "dt.date",
    "datetime": "dt.datetime",
    "uuid": "UUID",
    "ref": "UUID",
    "list": "list[str]",
}
_IMPORTS: Final = {"Decimal": ("decimal", "Decimal"), "UUID": ("uuid", "UUID")}


def add_event(draft: Draft, module: str, name: str, fields: Sequence[str]) -> str:
    """Draft an event, such as `archived`; return what the developer does next. Raises Refusal."""
    it = Anatomy.of(draft, module)
    fact = name.removeprefix(f"{module}_").removeprefix(f"{module}.")
    require_words(fact, "an event", "archived")
    kind, path = f"{it.kind}{camel(fact)}", it.path("domain/events.py")
    known = list(events_of(draft, [module]))
    if any(event.type == f"{module}.{fact}" or event.kind == kind for event in known):
        raise Refusal(f"The event {module}.{fact} is there already; choose another name")
    own = parse_fields(fields)
    code = _class(it, kind, fact, own)
    needed = _imports(it, own)
    draft.edit(
        path,
        *needed,
        lambda text: edits.add_to_module(text, code, after=_last_class),
        lambda text: edits.add_element(text, value_of("EVENTS"), kind),
        lines=f"{code}\n\nEVENTS = (…, {kind})",
    )
    published_too(draft, it.path("__init__.py"), kind, f"{module}.{fact}")
    _write_test(it, kind, fact)
    return (
        f"Next: record it where it happens, in a method of {it.kind}: "
        f"self.record({_call(it, kind, own)})"
    )


def _base(it: Anatomy) -> str | None:
    """Return the class that has the fields of each event of the module, if there is one."""
    names = [e.name for e in it.tree("domain/events.py").body if isinstance(e, ast.ClassDef)]
    return f"{it.kind}Event" if f"{it.kind}Event" in names else None


def _class(it: Anatomy, kind: str, fact: str, own: Sequence[Field]) -> str:
    words = fact.replace("_", " ")
    is_so = "was" if is_past(words.split()[-1]) else "is"
    lines = [] if _base(it) else [f"{it.name}_id: UUID", *(["owner_id: UUID"] * it.is_owned)]
    lines += [f"{each.name}: {_annotation(each)}" for each in sorted(own, key=_is_optional)]
    code = (
        f"@dataclass(frozen=True, slots=True)\nclass {kind}({_base(it) or 'DomainEvent'}):\n"
        f'    """{it.a_label.capitalize()} {is_so} {words}."""\n\n'
        f'    type: ClassVar = "{it.name}.{fact}"\n'
    )
    return code + ("\n" + "".join(f"    {line}\n" for line in lines) if lines else "")


def _is_optional(field: Field) -> bool:
    return field.optional


def _annotation(field: Field) -> str:
    if field.type.word not in _ANNOTATIONS:
        raise Refusal(
            f"{field.name}: an event has ids and plain values, and no {field.type.word}; leave it "
            "out"
        )
    if field != Field(field.name, field.type, optional=field.optional):
        raise Refusal(f"{field.name}: the only modifier in an event is optional")
    kind = _ANNOTATIONS[field.type.word]
    return f"{kind} | None = None" if field.optional else kind


def _imports(it: Anatomy, own: Sequence[Field]) -> list[edits.Edit]:
    kinds = {_ANNOTATIONS.get(each.type.word, "").partition("[")[0] for each in own}
    needed = [_IMPORTS[kind] for kind in sorted(kinds & _IMPORTS.keys())]
    if not _base(it):
        needed += [("uuid", "UUID"), ("app.shared.domain.events", "DomainEvent")]
    needed += [("dataclasses", "dataclass"), ("typing", "ClassVar")]
    adding: list[edits.Edit] = [edits.importing(module, name) for module, name in needed]
    if kinds & {"dt.date", "dt.datetime"}:
        adding.append(lambda text: edits.add_import_of(text, "datetime", "dt"))
    return adding


def _last_class(tree: ast.Module) -> ast.stmt:
    classes = [each for each in tree.body if isinstance(each, ast.ClassDef)]
    if not classes:
        raise Unclear("it has no event yet")
    return classes[-1]


def _call(it: Anatomy, kind: str, own: Sequence[Field]) -> str:
    given = ["self.id", *(["self.owner_id"] * it.is_owned), *(each.name for each in own)]
    return f"{kind}({', '.join(given)})"


def _write_test(it: Anatomy, kind: str, fact: str) -> None:
    (event,) = [each for each in events_of(it.draft, [it.name]) if each.kind == kind]
    samples = {name: sample_of(annotation) for name, annotation in event.fields}
    given = ", ".join(f"{name}={sample}" for name, sample in samples.items())
    imports = imports_of_samples(str(sample) for sample in samples.values())
    it.draft.add(
        f"tests/unit/{it.name}/test_event_{fact}.py",
        f'''"""{it.a_label.capitalize()} and the event `{it.name}.{fact}`."""

from pydantic import TypeAdapter
{imports}
from {it.package}.domain.events import EVENTS, {kind}


def test_the_event_is_published_by_its_name() -> None:
    assert {kind} in EVENTS
    assert {kind}.type == "{it.name}.{fact}"


def test_the_event_is_read_as_it_was_written() -> None:
    event = {kind}({given})
    adapter = TypeAdapter({kind})
    assert adapter.validate_json(adapter.dump_json(event)) == event
''',
    )
