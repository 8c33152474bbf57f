"""A field of a module or of a line, as the templates see it."""

from functools import cached_property
from typing import Final

from scaffold.modules.examples import (
    Sent,
    another_each_time,
    default_sent,
    default_value,
    example,
    literal,
    quoted,
    value,
)
from scaffold.modules.fields import Field
from scaffold.modules.fillings import Filling, child_filling
from scaffold.modules.forms import Form, form_of
from scaffold.modules.names import article_of, camel, plural_of
from scaffold.modules.spec import ModuleSpec, Project, singular_of
from scaffold.modules.views.references import ReferenceView

_MOST_LINES: Final = 100
_MOST_VALUES: Final = 512
"""Of a body, if its route does not accept a longer one than usual."""


class FieldView:
    """A field of a module or of a line, in all files."""

    def __init__(
        self, field: Field, spec: ModuleSpec, project: Project, *, kind: str, line: str = ""
    ) -> None:
        """Take the class that the field belongs to, and the name of the line, if it is in one."""
        self.field, self._spec, self._project = field, spec, project
        self._kind, self._line = kind, line
        self.name, self.type, self.label = field.name, field.type, field.name.replace("_", " ")
        self.optional, self.unique = field.optional, field.unique
        self.filter, self.sort, self.is_sent = field.filter, field.sort, field.is_sent
        self.is_nullable = field.optional and field.type.word != "list"

    @cached_property
    def form(self) -> Form:
        name = f"{self._line}_{self.name}" if self._line else self.name
        return form_of(name, self.type, self.enum)

    @property
    def enum(self) -> str:
        return f"{self._kind}{camel(self.name)}"

    @property
    def hint(self) -> str:
        return f"{self.form.hint}{' | None' if self.is_nullable else ''}"

    @property
    def shown(self) -> str:
        """The type in answers."""
        return self.hint.replace("EmailAddress", "str")

    @property
    def initial(self) -> str:
        """The expression of the value that the service gives a new row, or nothing."""
        if self.field.flow is not None:
            return value(self.type, self.enum, self.field.flow.first)
        if self.field.server and self.field.default is not None:
            return default_value(self.type, self.enum, self.field.default)
        if self.field.server:
            return "field(default_factory=list)" if self.type.word == "list" else "None"
        return ""

    @property
    def is_initially(self) -> str:
        """The comparison with that value in an answer."""
        if self.field.flow is not None:
            return f"== {quoted(self.field.flow.first)}"
        if self.field.default is not None:
            sent = default_sent(self.type, self.field.default)
            return f"is {sent}" if isinstance(sent, bool) else f"== {literal(sent)}"
        return "== []" if self.type.word == "list" else "is None"

    # --- Requests ---------------------------------------------------------------------------------

    @property
    def body(self) -> str:
        return self.form.body

    @property
    def draft(self) -> str:
        if self.is_nullable:
            return f"{self.body} | None = None"
        if self.optional:
            return f"{self.body} = Field(default_factory=list)"
        if self.field.default is not None:
            default = default_value(self.type, self.enum, self.field.default)
            return f"{self.body} = {default}"
        return self.body

    @property
    def patch(self) -> str:
        return f"{self.body}{' | None' if self.is_nullable else ''} = ABSENT"

    @property
    def from_body(self) -> str:
        return f"self.{self.name}"

    # --- Storage ----------------------------------------------------------------------------------

    @property
    def stored_default(self) -> str:
        """The expression of the value that a new column gets in rows of before, or nothing."""
        if self.type.word == "list":
            return f"stored([], {self.form.migration})"
        if self.field.flow is not None:
            return quoted(self.field.flow.first)
        if self.field.default is None:
            return ""
        sent = default_sent(self.type, self.field.default)
        if self.type.word == "decimal":
            return f"stored(Decimal({quoted(sent)}), {self.form.migration})"
        return f"sa.{sent}()".lower() if isinstance(sent, bool) else quoted(str(sent))

    @property
    def taken(self) -> str:
        return f"{self._kind}{camel(self.name)}Taken"

    @property
    def constraint(self) -> str:
        owner = "owner_id_" if self._spec.is_owned else ""
        return f"uq_{self._spec.name.one}_{owner}{self.name}"

    # --- Tests ------------------------------------------------------------------------------------

    def example(self, number: int) -> Sent:
        return example(self.name, self.type, number)

    def value(self, number: int) -> str:
        return value(self.type, self.enum, self.example(number))

    @property
    def a_name(self) -> str:
        return f"{article_of(self.label)}_{self.name}"

    @property
    def another(self) -> str:
        return f"another {self.label}"

    @property
    def is_made_with_the_row(self) -> bool:
        """Whether a test must create what the field refers to."""
        return self.type.word == "ref" and self.is_sent and not self.is_nullable

    @property
    def is_counted(self) -> bool:
        return self.unique and self.is_sent and self.type.word not in {"ref", "uuid"}

    @property
    def sample(self) -> str:
        if self.type.word == "lines":
            return f"[{singular_of(self.name).upper()}]"
        if self.type.word == "ref":
            return "None"
        if self.unique:
            return another_each_time(self.name, self.type, "number")
        return literal(self.example(0))

    @property
    def reference(self) -> ReferenceView:
        """The module that the field refers to."""
        known = {each.name: each for each in self._project.references}
        module = self.type.module
        return ReferenceView(module, plural_of(module), known[module].is_owned)

    @property
    def seeded(self) -> str:
        """The expression of the value of the demo row `number`."""
        if self.type.word == "ref":
            return "None" if self.is_nullable else "owner_id"
        if self.type.word == "email" and self.unique:
            return 'EmailAddress(f"user{number}@example.com")'
        if self.type.word == "str" and self.unique:
            return another_each_time(self.name, self.type, "number")
        return {
            "str": f'f"{self.label.capitalize()} {{number + 1}}"',
            "email": 'EmailAddress(f"customer{number + 1}@example.com")',
            "int": "number",
            "date": "now.date() + dt.timedelta(days=number)",
            "datetime": "now + dt.timedelta(days=number)",
            "uuid": f'uuid5(NAMESPACE_URL, f"{self.name}/{{number}}")',
            "bool": "number % 2 == 0",
            "enum": f"list({self.enum})[number % {len(self.type.values)}]",
        }.get("" if self._is_short else self.type.word) or self.value(0)

    @property
    def _is_short(self) -> bool:
        """Whether there is no room for a word and a number in its text."""
        return self.type.word == "str" and self.type.length < len(self.label) + 3


class LinesView(FieldView):
    """A list of child rows."""

    @property
    def one(self) -> str:
        return singular_of(self.name)

    @property
    def kind(self) -> str:
        return f"{self._kind}{camel(self.one)}"

    @property
    def table(self) -> str:
        return f"{self._spec.name.one}_{self.one}"

    @property
    def children(self) -> list[FieldView]:
        return [
            FieldView(each, self._spec, self._project, kind=self.kind, line=self.one)
            for each in self.type.fields
        ]

    @property
    def unused(self) -> list[str]:
        """The columns that are left of earlier fields."""
        own = f"{self.name}."
        return [each.removeprefix(own) for each in self._spec.unused if each.startswith(own)]

    @property
    def hint(self) -> str:
        return f"list[{self.kind}]"

    @property
    def body(self) -> str:
        return f"{camel(self.name)}List"

    @property
    def draft(self) -> str:
        return f"{self.body} = Field(default_factory=list)" if self.optional else self.body

    @property
    def patch(self) -> str:
        return f"{self.body} = ABSENT"

    @property
    def from_body(self) -> str:
        return f"[{self.one}.to_{self.one}() for {self.one} in self.{self.name}]"

    @property
    def most(self) -> int:
        """How many a body may have."""
        all_of_them = sum(len(each.type.fields) for each in self._spec.lines)
        left = _MOST_VALUES - 2 * len(self._spec.sent)
        return max(1, min(_MOST_LINES, left // all_of_them // 10 * 10))

    @property
    def filled(self) -> Filling:
        return child_filling(self._spec, self.type.fields)

    def value(self, number: int) -> str:
        values = ", ".join(f"{each.name}={each.value(number)}" for each in self.children)
        return f"[{self.kind}({values})]"
