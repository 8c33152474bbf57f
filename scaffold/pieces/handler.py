"""`handler add`: what a module does when something happened, in it or in another module."""

import ast
from difflib import get_close_matches

from scaffold import edits
from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.names import camel
from scaffold.modules.reading import modules_of
from scaffold.pieces.anatomy import Anatomy, Event, events_of
from scaffold.pieces.cycles import require_no_cycle
from scaffold.pieces.samples import imports_of_samples, sample_of
from scaffold.pieces.summary import handled_too
from scaffold.pieces.words import require_words
from scaffold.places import class_named, targets_of, value_of
from scaffold.source import Unclear, parsed

_FILE = "application/handlers.py"


def add_handler(draft: Draft, module: str, name: str, *, on: str, is_outside: bool) -> str:
    """Draft a handler; return what the developer does next. Raises Refusal."""
    it = Anatomy.of(draft, module)
    require_words(name, "a handler", "email_customer")
    event = _event(draft, on)
    require_no_cycle(draft.root, module, event.module)
    kind = f"When{event.kind}{camel(name)}"
    _require_new(it, kind, f"{module}.{name}")
    _write_handler(it, kind, name, event, is_outside=is_outside)
    _register(it, kind)
    handled_too(draft, it.path("__init__.py"), event.kind, event.type)
    _write_test(it, name, event, is_outside=is_outside)
    return f"Next: write what {kind} does into {it.path(_FILE)}, and its effect into the test"


def _event(draft: Draft, on: str) -> Event:
    known = list(events_of(draft, modules_of(draft.root)))
    for event in known:
        if on in (event.type, event.kind):
            return event
    names = [event.type for event in known]
    near = get_close_matches(on, [*names, *(event.kind for event in known)], n=1, cutoff=0.5)
    owner = on.partition(".")[0]
    of_module = [name for name in names if name.startswith(f"{owner}.")]
    other = f"did you mean {near[0]}?" if near else f"there are: {', '.join(of_module or names)}"
    raise Refusal(f"No module declares the event {on!r}; {other}")


def _require_new(it: Anatomy, kind: str, id: str) -> None:
    text = it.draft.read(it.path(_FILE)) if it.draft.exists(it.path(_FILE)) else ""
    if f"class {kind}(" in text or f"class {kind}:" in text or f'id="{id}"' in text:
        raise Refusal(f"{it.path(_FILE)} has the handler {id} already; choose another name")


def _write_handler(it: Anatomy, kind: str, name: str, event: Event, *, is_outside: bool) -> None:
    words = name.replace("_", " ").capitalize()
    options = f'{event.kind}, id="{it.name}.{name}"'
    if is_outside:
        options += ', on_dead="skip", timeout=60.0, transactional=False'
        given, logged, needed = "key: str", ", key=key", []
    else:
        it.require("domain/repositories.py", it.unit_of_work)
        given, logged = f"_uow: {it.unit_of_work}", ""
        needed = [edits.importing(f"{it.package}.domain.repositories", it.unit_of_work)]
    subject = next((field for field, _ in event.fields if field.endswith("_id")), None)
    if subject:
        logged = f", {subject}=event.{subject}{logged}"
    code = f'''@subscribe({options})
class {kind}:
    """{words}."""

    async def __call__(self, event: {event.kind}, {given}) -> None:
        log.info("{it.name}.{name}"{logged})
'''
    path, of_event = it.path(_FILE), f"app.modules.{event.module}.domain.events"
    if not it.draft.exists(path):
        it.draft.add(path, '"""What the module does when something happened."""\n')
    it.draft.edit(
        path,
        edits.importing("app.core.events", "subscribe"),
        edits.importing(of_event, event.kind),
        *needed,
        _with_log,
        lambda text: edits.add_to_module(text, code),
        lines=f"from {of_event} import {event.kind}\n\n\n{code}",
    )


def _with_log(text: str) -> str:
    """Give the file a logger, below its imports."""
    tree = parsed(text)
    if any("log" in targets_of(each) for each in tree.body):
        return text
    text = edits.add_import_of(text, "structlog")

    def last_import(tree: ast.Module) -> ast.stmt:
        return [e for e in tree.body if isinstance(e, ast.Import | ast.ImportFrom)][-1]

    return edits.add_to_module(text, "log = structlog.get_logger()", after=last_import)


def _register(it: Anatomy, kind: str) -> None:
    container, package = f"{it.kind}Container", f"{it.package}.application.handlers"
    path, given = it.path("container.py"), f"Singleton({kind})"
    providers = "dependency_injector.providers"

    def with_handler(text: str) -> str:
        body = class_named(container)(parsed(text)).body
        if any("handlers" in targets_of(each) for each in body):
            return edits.add_argument(text, _list_of_handlers(container), given)
        text = edits.add_import(text, providers, "List")
        return edits.add_to_class(text, container, f"handlers = List({given})")

    it.draft.edit(
        path,
        edits.importing(package, kind),
        edits.importing(providers, "Singleton"),
        with_handler,
        lines=f"from {package} import {kind}\n\nhandlers = List(…, {given})",
    )


def _list_of_handlers(container: str) -> edits.Place:
    def find(tree: ast.Module) -> ast.AST:
        value = value_of("handlers", of=container)(tree)
        if not isinstance(value, ast.Call) or ast.unparse(value.func) != "List":
            raise Unclear(f"{container}.handlers is no List(…)")
        return value

    return find


def _write_test(it: Anatomy, name: str, event: Event, *, is_outside: bool) -> None:
    samples = {field: sample_of(annotation) for field, annotation in event.fields}
    unknown = [field for field, sample in samples.items() if sample is None]
    if unknown:
        raise Refusal(
            f"{event.kind}.{unknown[0]} has a type for which no value is known, so no test can be "
            "written; write the handler by hand (CONTRIBUTING.md, How to add a module)"
        )
    given = ", ".join(f"{field}={sample}" for field, sample in samples.items())
    imports = imports_of_samples(str(sample) for sample in samples.values())
    calling = (
        '        await handler.call(event, "a key")'
        if is_outside
        else f"        async with container.{it.name}.uow() as uow:\n"
        "            await handler.call(event, uow)"
    )
    test = f"tests/e2e/{it.name}"
    if not it.draft.exists(f"{test}/__init__.py"):
        it.draft.add(f"{test}/__init__.py", f'"""The module {it.label} over HTTP."""\n')
    it.draft.add(
        f"{test}/test_handler_{name}.py",
        f'''"""The handler `{it.name}.{name}`."""

{imports}
from app.container import ApplicationContainer
from app.modules.{event.module}.domain.events import {event.kind}
from tests.support.logs import lines, logged


async def test_the_handler_gets_the_event(container: ApplicationContainer) -> None:
    event = {event.kind}({given})
    handler = container.registry().handler("{it.name}.{name}")
    assert handler is not None
    assert handler in container.registry().handlers_of(event)
    with logged() as output:
{calling}
    assert [line["event"] for line in lines(output)] == ["{it.name}.{name}"]
''',
    )
