"""A module, as the templates see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

from scaffold.modules.examples import quoted
from scaffold.modules.names import camel
from scaffold.modules.spec import USE_CASES, ModuleSpec, Project, filters_of
from scaffold.modules.views.fields import FieldView, LinesView
from scaffold.modules.views.references import ReferenceView
from scaffold.modules.views.steps import StepError, StepView


@dataclass(frozen=True)
class FilterView:
    name: str
    hint: str
    query: str
    condition: str


@dataclass(frozen=True)
class UseCaseView:
    name: str
    kind: str
    given: str


class ModuleView:
    """A module, as the templates see it."""

    def __init__(self, spec: ModuleSpec, project: Project) -> None:
        self.spec, self.n = spec, spec.name
        self.is_owned = spec.is_owned
        self.head, self.base_head = project.head, project.base_head
        self.has = SimpleNamespace(**{name: name in spec.use_cases for name in USE_CASES})
        self.fields = [
            (LinesView if each.type.word == "lines" else FieldView)(
                each, spec, project, kind=spec.name.kind
            )
            for each in spec.fields
        ]
        self.sent = [each for each in self.fields if each.is_sent]
        self.set_by_service = [each for each in self.fields if not each.is_sent]
        self.lines = [each for each in self.fields if isinstance(each, LinesView)]
        self.columns = [each for each in self.fields if not isinstance(each, LinesView)]
        self.refs = [each for each in self.fields if each.type.word == "ref"]
        self.unique = [each for each in self.fields if each.unique]
        self.unique_sent = [each for each in self.unique if each.is_sent]
        self.counted = [each for each in self.unique if each.is_counted]
        self.sorts = [each for each in self.fields if each.sort]
        self.lists = [each for each in self.sent if each.type.word == "list"]
        self.unused = [each for each in spec.unused if "." not in each]
        self.summary = f"{self.n.kind}{'Summary' if self.lines else 'View'}"

    # --- Names ------------------------------------------------------------------------------------

    @cached_property
    def enums(self) -> list[FieldView]:
        own = [each for each in self.columns if each.type.word == "enum"]
        of_lines = [c for each in self.lines for c in each.children if c.type.word == "enum"]
        return own + of_lines

    @cached_property
    def constants(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for each in self._all_fields():
            found |= each.form.constants
        return found

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The types of requests that have a name of their own."""
        in_requests = [each for each in self.columns if each.is_sent or each.filter]
        in_requests += [child for each in self.lines for child in each.children]
        return dict(each.form.alias for each in in_requests if each.form.alias)

    def _all_fields(self) -> Iterator[FieldView]:
        yield from self.columns
        for each in self.lines:
            yield from each.children

    @cached_property
    def names_of_entities(self) -> list[str]:
        """All that the module's `domain/entities.py` defines."""
        return [
            *self.constants,
            *(each.form.hint for each in self.enums),
            *(each.kind for each in self.lines),
            self.n.kind,
            f"{self.n.kind}Fields",
            *([f"{self.n.kind}Changes"] if "update" in self.spec.use_cases else []),
        ]

    @cached_property
    def facts(self) -> list[str]:
        """The types of the events."""
        targets = ["created", *(["updated"] if "update" in self.spec.use_cases else [])]
        targets += [step.target for step in self.steps]
        targets += ["deleted"] if "delete" in self.spec.use_cases else []
        return [f"{self.n.one}.{target}" for target in targets]

    @property
    def events(self) -> list[str]:
        return [f"{self.n.kind}{camel(fact.partition('.')[2])}" for fact in self.facts]

    @property
    def ids_of_self(self) -> str:
        return "self.id, self.owner_id" if self.is_owned else "self.id"

    @property
    def ids_of_one(self) -> str:
        return self.ids_of_self.replace("self", self.n.one)

    def found(self, command: str) -> str:
        """Return the call of the repository for the row that a command names."""
        which = f"{command}.{self.n.one}_id, version={command}.version"
        return f"get_for({command}.actor.user_id, {which})" if self.is_owned else f"get_at({which})"

    # --- Steps ------------------------------------------------------------------------------------

    @cached_property
    def stage(self) -> FieldView | None:
        """The field that has the flow."""
        return next((each for each in self.fields if each.field.flow is not None), None)

    @cached_property
    def steps(self) -> list[StepView]:
        stage = self.stage
        return [StepView(step, self.n, stage) for step in self.spec.steps] if stage else []

    @property
    def step_errors(self) -> list[StepError]:
        return list(dict.fromkeys(step.error for step in self.steps))

    # --- Requests ---------------------------------------------------------------------------------

    @cached_property
    def filters(self) -> list[FilterView]:
        return [each for field in self.columns if field.filter for each in self._filters(field)]

    def _filters(self, each: FieldView) -> Iterator[FilterView]:
        column = f"{self.n.one}.c.{each.name}"
        hint = "str" if each.type.word == "list" else each.form.hint
        names = filters_of(each.field)
        if each.type.word == "list":
            condition = f"array_has({column}, bindparam({quoted(each.name)}))"
            yield FilterView(each.name, hint, each.form.query, condition)
            return
        for name, sign in zip(names, ("==",) if len(names) == 1 else (">=", "<="), strict=True):
            condition = f"{column} {sign} bindparam({quoted(name)})"
            yield FilterView(name, hint, each.form.query, condition)

    @property
    def has_range(self) -> bool:
        return len(self.filters) > sum(each.filter for each in self.columns)

    @property
    def has_nullable(self) -> bool:
        return any(each.is_nullable for each in self.sent)

    @property
    def has_not_blank(self) -> bool:
        return any("NOT_BLANK" in meaning for meaning in self.aliases.values())

    @property
    def has_whole_numbers(self) -> bool:
        in_lines = [child for each in self.lines for child in each.children]
        in_columns = [each for each in self.columns if each.is_sent or each.filter]
        return any(each.type.word == "int" for each in [*in_columns, *in_lines])

    @property
    def texts(self) -> list[str]:
        return [each.name for each in self.sent if each.type.word == "text"]

    @property
    def body_limit(self) -> int:
        """The KiB that a body may have, if its texts need more than usual; otherwise 0."""
        if not self.texts:
            return 0
        letters = sum(number for name, number in self.constants.items() if "LENGTH" in name)
        return -(-12 * letters // 65_536) * 64

    @cached_property
    def use_cases(self) -> list[UseCaseView]:
        n, writing = self.n, "uow=uow.provider"
        asked = "".join(f", {each.many}={each.many}" for each in self.references)
        known = {
            "create": UseCaseView(
                f"create_{n.one}", f"Create{n.kind}", f"{writing}{asked}, clock=clock"
            ),
            "get": UseCaseView(f"get_{n.one}", f"Get{n.kind}", "reader=reader"),
            "list": UseCaseView(f"list_{n.many}", f"List{n.kinds}", "reader=reader"),
            "update": UseCaseView(
                f"update_{n.one}", f"Update{n.kind}", f"{writing}{asked}, clock=clock"
            ),
        }
        cases = [known[name] for name in known if name in self.spec.use_cases]
        cases += [
            UseCaseView(f"{step.verb}_{n.one}", step.use_case, f"{writing}, clock=clock")
            for step in self.steps
        ]
        if "delete" in self.spec.use_cases:
            cases.append(UseCaseView(f"delete_{n.one}", f"Delete{n.kind}", writing))
        return cases

    @cached_property
    def raised_by_writing(self) -> str:
        """A sentence with the errors of create and update, after a space."""
        names = [each.taken for each in self.unique_sent]
        if self.lists or any(each.is_sent for each in self.refs):
            names.insert(0, "Invalid")
        return f" Raises {sentence(names)}." if names else ""

    @cached_property
    def references(self) -> list[ReferenceView]:
        """The modules that are asked whether something is there, each once."""
        asked = {each.reference.one: each.reference for each in self.refs if each.is_sent}
        return list(asked.values())

    # --- Storage ----------------------------------------------------------------------------------

    @property
    def indexes(self) -> list[tuple[str, list[str]]]:
        if "list" not in self.spec.use_cases:
            return []
        owner = ["owner_id"] if self.is_owned else []
        found = [[*owner, "created_at", "id"]]
        for each in self.columns:
            if each.sort or (each.filter and len(filters_of(each.field)) > 1):
                found.append([*owner, each.name, "id"])
            elif each.filter and not each.unique and each.type.word != "list":
                found.append([*owner, each.name, "created_at", "id"])
        table = self.n.one
        return [
            (f"ix_{table}_{'_'.join([*owner, columns[len(owner)]])}", columns) for columns in found
        ]

    @property
    def has_filter_index(self) -> bool:
        return any(each.filter and each.type.word != "list" for each in self.columns)

    @property
    def revision(self) -> str:
        number = int(self.head.rpartition("_")[2]) + 1 if self.head else 1
        return f"app_{number:04}"

    @property
    def after(self) -> str:
        return self.head or self.base_head

    @property
    def has_seed(self) -> bool:
        return not any(
            each.unique or each.reference.one != "user" or not self.is_owned
            for each in self.refs
            if each.is_made_with_the_row
        )


def sentence(words: Sequence[str]) -> str:
    """Join words as a sentence does."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last
