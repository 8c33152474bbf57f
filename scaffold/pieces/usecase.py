"""`usecase add`: something that a user does with one aggregate, from the rule to the address."""

import ast
from textwrap import dedent
from typing import Final

from scaffold import edits
from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.names import OF_EVERY_AGGREGATE, article_of, camel
from scaffold.pieces.anatomy import Anatomy
from scaffold.pieces.words import past_of, require_words
from scaffold.places import class_named, targets_of, value_of
from scaffold.source import Unclear, parsed

OF_EVERY_ENTITY: Final = {"record", "pull_events", *OF_EVERY_AGGREGATE}


def add_usecase(draft: Draft, module: str, name: str) -> str:
    """Draft a use case, such as `archive`; return what the developer does next. Raises Refusal."""
    it = Anatomy.of(draft, module)
    verb = name.removesuffix(f"_{module}")
    require_words(verb, "a use case", "archive")
    usecase = f"{verb}_{module}"
    _write_rule(it, verb)
    _write_usecase(it, verb, usecase)
    _register(it, usecase)
    _write_method(it, verb, usecase)
    _write_route(it, verb)
    _write_manifest(it, verb)
    _write_tests(it, verb)
    return (
        f"Next: write the rule into {it.kind}.{verb}() of {it.path('domain/entities.py')}, with a "
        "test of what it refuses"
    )


def _sentence(it: Anatomy, verb: str) -> str:
    return f"{verb.replace('_', ' ').capitalize()} {it.a_label}"


def _write_rule(it: Anatomy, verb: str) -> None:
    controller = it.tree("presentation/controllers.py")
    taken = _names_of(it.tree("domain/entities.py"), it.kind) | OF_EVERY_ENTITY
    if verb in taken | _names_of(controller, f"{it.kind}Controller"):
        raise Refusal(f"{it.kind} has {verb} already; choose another name")
    method = dedent(f'''\
        def {verb}(self, *, now: dt.datetime) -> None:
            """{verb.replace("_", " ").capitalize()} the {it.label}."""
            self.updated_at = now
        ''')
    it.draft.edit(
        it.path("domain/entities.py"),
        lambda text: edits.add_import_of(text, "datetime", "dt"),
        lambda text: edits.add_to_class(
            text, it.kind, method, after=_before_private_methods(text, it.kind)
        ),
        lines=method,
    )


def _names_of(tree: ast.Module, kind: str) -> set[str]:
    try:
        body = class_named(kind)(tree).body
    except Unclear:
        return set()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    methods = {each.name for each in body if isinstance(each, functions)}
    return methods.union(*(targets_of(each) for each in body))


def _before_private_methods(text: str, kind: str) -> edits.Place:
    """Find the statement that a public method is added after."""

    def find(tree: ast.Module) -> ast.stmt:
        body = class_named(kind)(tree).body
        private = [isinstance(e, ast.FunctionDef) and e.name.startswith("_") for e in body]
        while len(private) > 1 and private[-1]:
            private.pop()
        return body[len(private) - 1]

    find(parsed(text))
    return find


def _write_usecase(it: Anatomy, verb: str, usecase: str) -> None:
    for name in (f"{it.kind}Command", f"{it.kind}View"):
        it.require("application/dto.py", name)
    helper = (
        "" if it.view.startswith(it.kind) else ("from app.shared.application.dto import view_of\n")
    )
    it.draft.add(
        it.path(f"application/usecases/{usecase}.py"),
        f'''"""{_sentence(it, verb)}."""

from collections.abc import Callable

from {it.package}.application.dto import {it.kind}Command, {it.kind}View
from {it.package}.domain.repositories import {it.unit_of_work}
from app.shared.application.base_usecase import Clock
{helper}

class {camel(usecase)}:
    """{_sentence(it, verb)}. Raises {it.kind}NotFound and StaleVersion."""

    def __init__(self, uow: Callable[[], {it.unit_of_work}], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: {it.kind}Command) -> {it.kind}View:
        async with self._uow() as uow:
            {it.name} = await uow.{it.many}.{it.found}
            {it.name}.{verb}(now=self._clock.now())
            await uow.{it.many}.save({it.name})
            await uow.commit()
        return {it.view}
''',
    )


def _register(it: Anatomy, usecase: str) -> None:
    package = f"{it.package}.application.usecases.{usecase}"
    given = f"{usecase}=Singleton({camel(usecase)}, uow=uow.provider, clock=clock)"
    it.draft.edit(
        it.path("container.py"),
        edits.importing(package, camel(usecase)),
        lambda text: edits.add_argument(
            text, value_of("controller", of=f"{it.kind}Container"), given
        ),
        lines=f"from {package} import {camel(usecase)}\n\ncontroller = Singleton(…, {given})",
    )


def _write_method(it: Anatomy, verb: str, usecase: str) -> None:
    kind, package = f"{it.kind}Controller", f"{it.package}.application.usecases.{usecase}"
    yours = " of yours" if it.is_owned else ""
    method = dedent(f'''\
        async def {verb}(
            self, {it.name}_id: Id, actor: CurrentActor, version: IfMatch
        ) -> {it.kind}View:
            """{_sentence(it, verb)}{yours}."""
            return await self.{usecase}.execute({it.kind}Command(actor, {it.name}_id, version))
        ''')
    it.draft.edit(
        it.path("presentation/controllers.py"),
        edits.importing(package, camel(usecase)),
        edits.importing(f"{it.package}.application.dto", f"{it.kind}Command"),
        edits.importing(f"{it.package}.application.dto", f"{it.kind}View"),
        edits.importing("app.core.http.parameters", "CurrentActor"),
        edits.importing("app.core.http.parameters", "IfMatch"),
        edits.importing("app.core.http.schema_types", "Id"),
        lambda text: edits.add_to_class(
            text, kind, f"{usecase}: {camel(usecase)}", after=_last_field(kind)
        ),
        lambda text: edits.add_to_class(text, kind, method),
        lines=f"{usecase}: {camel(usecase)}\n\n{method}",
    )


def _last_field(kind: str) -> edits.Place:
    def find(tree: ast.Module) -> ast.stmt:
        fields = [e for e in class_named(kind)(tree).body if isinstance(e, ast.AnnAssign)]
        if not fields:
            raise Unclear(f"{kind} has no fields")
        return fields[-1]

    return find


def _write_route(it: Anatomy, verb: str) -> None:
    function = it.routes
    address = f'"/{{{it.name}_id}}/{_path(verb)}"'
    if any(isinstance(e, ast.Assign) and ast.unparse(e.targets[0]) == "one" for e in function.body):
        address = f'f"{{one}}/{_path(verb)}"'
    controller = function.args.args[0].arg
    statement = (
        f"router.post({address}, {controller}.{verb}, access=WRITE, raises=[{it.kind}NotFound])"
    )
    it.draft.edit(
        it.path("presentation/routes.py"),
        _require_write,
        edits.importing(it.not_found, f"{it.kind}NotFound"),
        lambda text: edits.add_before_return(text, function.name, statement),
        lines=statement,
    )


def _path(verb: str) -> str:
    return verb.replace("_", "-")


def _require_write(text: str) -> str:
    value_of("WRITE")(parsed(text))
    return text


def _write_manifest(it: Anatomy, verb: str) -> None:
    path = f"tests/modules/{it.name}/manifest.py"
    route = f"POST   /api/v1{it.plural_path}/{{{it.name}_id}}/{_path(verb)}"

    def with_route(text: str) -> str:
        place = routes_of_manifest
        listed = [line for line in str(place(parsed(text)).value).split("\n") if line.strip()]  # type: ignore[attr-defined]
        column = max((line.rindex(" ") + 1 for line in listed if " " in line), default=0)
        permission = next(
            (line.split()[-1] for line in listed if line.split()[0] == "POST"), f"{it.name}:write"
        )
        line = f"{route.ljust(column - 2)}  {permission}"
        later = [other for other in listed if _order(other) > _order(line)]
        return edits.add_line_of_text(text, place, line, before=later[0] if later else None)

    it.draft.edit(path, with_route, lines=f"{route}  {it.name}:write")


def _order(line: str) -> tuple[str, str]:
    method, address, *_ = line.split()
    return address, method


def routes_of_manifest(tree: ast.Module) -> ast.AST:
    """Find the text that lists a module's routes."""
    call = value_of("MANIFEST")(tree)
    for keyword in call.keywords if isinstance(call, ast.Call) else ():
        if keyword.arg == "routes":
            if isinstance(keyword.value, ast.Name):
                return value_of(keyword.value.id)(tree)
            return keyword.value
    raise Unclear("MANIFEST has no `routes`")


def _write_tests(it: Anatomy, verb: str) -> None:
    past, words = past_of(verb), it.label
    samples = f"tests/modules/{it.name}/samples.py"
    if not it.draft.exists(samples) or f"def create_{it.name}(" not in it.draft.read(samples):
        raise Refusal(
            f"{samples} has no create_{it.name}(), with which the new test begins; write it as "
            "tests/modules/task/samples.py has it"
        )
    an = article_of(words)
    address = f"f\"{it.plural_path}/{{{it.name}['id']}}/{_path(verb)}\""
    if it.is_owned:
        other = f"""

async def test_{an}_{it.name}_of_another_user_is_not_found(ana: Person, bruno: Person) -> None:
    {it.name} = await create_{it.name}(ana)
    answer = await bruno.post({address}, version=1)
    assert (answer.status_code, answer.json()["code"]) == (404, "{it.name}_not_found")
"""
    else:
        other = ""
    it.draft.add(
        f"tests/e2e/{it.name}/test_{verb}.py",
        f'''"""{it.a_label.capitalize()} is {past}."""

from tests.modules.{it.name}.samples import create_{it.name}
from tests.support.people import Person


async def test_{an}_{it.name}_is_{past.replace(" ", "_")}(ana: Person) -> None:
    {it.name} = await create_{it.name}(ana)
    answer = await ana.post({address}, version=1)
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == 2


async def test_its_version_is_needed(ana: Person) -> None:
    {it.name} = await create_{it.name}(ana)
    missing = await ana.post({address})
    assert (missing.status_code, missing.json()["code"]) == (428, "version_required")
    stale = await ana.post({address}, version=2)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
{other}''',
    )
