"""The steps of a flow, as the templates see them."""

from dataclasses import dataclass

from scaffold.modules.flows import Step
from scaffold.modules.names import Name, camel
from scaffold.modules.views.fields import FieldView


@dataclass(frozen=True)
class StepError:
    """The error of steps that begin with the same values."""

    kind: str
    code: str
    wanted: str


@dataclass(frozen=True)
class StepView:
    step: Step
    n: Name
    stage: FieldView

    @property
    def verb(self) -> str:
        return self.step.verb

    @property
    def target(self) -> str:
        return self.step.target

    @property
    def sources(self) -> tuple[str, ...]:
        return self.step.sources

    @property
    def is_mark(self) -> bool:
        return self.verb.startswith("mark_as_")

    @property
    def path(self) -> str:
        return self.step.path

    @property
    def summary(self) -> str:
        if self.is_mark:
            return f"Mark {self.n.a_label} as {self.target.replace('_', ' ')}"
        return f"{self.verb.replace('_', ' ').capitalize()} {self.n.a_label}"

    @property
    def use_case(self) -> str:
        return f"{camel(self.verb)}{self.n.kind}"

    @property
    def event(self) -> str:
        return f"{self.n.kind}{camel(self.target)}"

    @property
    def is_not_allowed(self) -> str:
        names = [f"{self.stage.form.hint}.{source.upper()}" for source in self.sources]
        return f"is not {names[0]}" if len(names) == 1 else f"not in {{{', '.join(names)}}}"

    @property
    def error(self) -> StepError:
        joined = "_or_".join(self.sources)
        words = " or ".join(source.replace("_", " ") for source in self.sources)
        return StepError(f"{self.n.kind}Not{camel(joined)}", f"{self.n.one}_not_{joined}", words)
