"""Reads from a module's code how its parts are called."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.names import article_of, camel
from scaffold.modules.reading import MODULES, events_in, require_module
from scaffold.source import Unclear, parsed


@dataclass(frozen=True)
class Anatomy:
    """A module that follows CONTRIBUTING.md. What it lacks is a Refusal, where it is needed."""

    draft: Draft
    name: str

    @classmethod
    def of(cls, draft: Draft, name: str) -> "Anatomy":
        """Return how a module of the project is built. Raises Refusal."""
        require_module(draft.root, name)
        return cls(draft, name)

    # --- Names ----------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """The aggregate's class."""
        return camel(self.name)

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")

    @property
    def a_label(self) -> str:
        return f"{article_of(self.label)} {self.label}"

    @property
    def package(self) -> str:
        return f"app.modules.{self.name}"

    def path(self, file: str) -> str:
        """Return the path of a file of the module, such as `domain/events.py`."""
        return f"{MODULES}/{self.name}/{file}"

    def tree(self, file: str) -> ast.Module:
        try:
            return parsed(self.draft.read(self.path(file)))
        except Unclear as error:
            raise Refusal(f"{self.path(file)}: {error}") from error

    # --- Parts ----------------------------------------------------------------------------------

    @cached_property
    def unit_of_work(self) -> str:
        return f"{self.kind}UnitOfWork"

    @cached_property
    def many(self) -> str:
        """The unit of work's attribute that has the repository."""
        for statement in self._class("domain/repositories.py", self.unit_of_work).body:
            kind = ast.unparse(statement.annotation) if isinstance(statement, ast.AnnAssign) else ""
            if kind == f"{self.kind}Repository":
                return ast.unparse(statement).partition(":")[0]
        raise self._lacks("domain/repositories.py", f"{self.unit_of_work}: a {self.kind}Repository")

    @cached_property
    def found(self) -> str:
        """The call of the repository that finds the aggregate of a request."""
        methods = {
            each.name
            for each in self._class("domain/repositories.py", f"{self.kind}Repository").body
            if isinstance(each, ast.AsyncFunctionDef)
        }
        if "get_for" in methods:
            return (
                f"get_for(request.actor.user_id, request.{self.name}_id, version=request.version)"
            )
        if "get" in methods:
            return f"get(request.{self.name}_id, version=request.version)"
        raise self._lacks("domain/repositories.py", f"{self.kind}Repository.get_for() or get()")

    @cached_property
    def is_owned(self) -> bool:
        return any(
            isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == "owner_id"
            for each in self._class("domain/entities.py", self.kind).body
        )

    @cached_property
    def view(self) -> str:
        """The expression that makes the view of the aggregate."""
        view = self._class("application/dto.py", f"{self.kind}View")
        has_of = any(isinstance(each, ast.FunctionDef) and each.name == "of" for each in view.body)
        if has_of:
            return f"{self.kind}View.of({self.name})"
        return f"view_of({self.kind}View, {self.name})"

    @cached_property
    def routes(self) -> ast.FunctionDef:
        """The function that makes the router."""
        for each in self.tree("presentation/routes.py").body:
            if isinstance(each, ast.FunctionDef) and each.name == f"{self.name}_routes":
                return each
        raise self._lacks("presentation/routes.py", f"{self.name}_routes()")

    @cached_property
    def plural_path(self) -> str:
        """The path of the module below the API, such as `/purchase-orders`."""
        for node in ast.walk(self.routes):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "ApiRouter" and node.args:
                return ast.unparse(node.args[0]).strip("f'\"").removeprefix("{API}")
        raise self._lacks("presentation/routes.py", f"{self.name}_routes(): ApiRouter(…)")

    @cached_property
    def not_found(self) -> str:
        """The module that has the error of an aggregate that is not there."""
        for file in ("domain/errors.py", "domain/entities.py"):
            if self.draft.exists(self.path(file)) and f"{self.kind}NotFound" in _classes(
                self.tree(file)
            ):
                return f"{self.package}.{file.removesuffix('.py').replace('/', '.')}"
        raise self._lacks("domain/errors.py", f"{self.kind}NotFound")

    def require(self, file: str, name: str) -> None:
        """Raise Refusal unless a file has this class."""
        self._class(file, name)

    def _class(self, file: str, name: str) -> ast.ClassDef:
        found = _classes(self.tree(file)).get(name)
        if found is None:
            raise self._lacks(file, f"class {name}")
        return found

    def _lacks(self, file: str, what: str) -> Refusal:
        return Refusal(
            f"{self.path(file)} has no `{what}`, which the new code would use; write it, or write "
            "the new code by hand (CONTRIBUTING.md, How to add a module)"
        )


def _classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}


@dataclass(frozen=True)
class Event:
    """An event that a module publishes."""

    module: str
    kind: str
    """Its class."""
    type: str
    fields: tuple[tuple[str, str], ...]
    """Name and annotation of each field that has no default, those of the base classes first."""


def events_of(draft: Draft, modules: list[str]) -> Iterator[Event]:
    """Give the events of modules."""
    for module in modules:
        path = f"{MODULES}/{module}/domain/events.py"
        if draft.exists(path):
            tree = parsed(draft.read(path))
            classes = _classes(tree)
            for kind, name in events_in(tree):
                yield Event(module, kind, name, tuple(_fields(classes, kind)))


def _fields(classes: dict[str, ast.ClassDef], kind: str) -> Iterator[tuple[str, str]]:
    if kind not in classes:
        return
    for base in classes[kind].bases:
        yield from _fields(classes, ast.unparse(base))
    for each in classes[kind].body:
        if isinstance(each, ast.AnnAssign) and each.value is None:
            yield ast.unparse(each.target), ast.unparse(each.annotation)
