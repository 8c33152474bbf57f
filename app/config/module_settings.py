"""The settings of a module.

class InvoiceSettings(ModuleSettings):
    \"\"\"Invoices.\"\"\"

    prefix = "INVOICE_"

    due_days: int = Field(
        30, ge=1, le=365, description="After how many days an invoice is due.", examples=["30"]
    )

The module's container depends on them (`settings: Dependency[InvoiceSettings]`). So the base finds
them: it reads and checks them at the start, together with its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from app.config.environment import EnvironmentSettings

Refusal = tuple[str, str, str]
"""The name of a setting, what it must be, and an example."""

M = TypeVar("M", bound="ModuleSettings")


class ModuleSettings(EnvironmentSettings):
    """The base class: its docstring is the heading; fields have a description and an example.

    `INVOICE_DUE_DAYS` is read into `due_days` if the prefix is `INVOICE_`. A field with a
    `validation_alias` is read from the variable of that name. Two modules may ask for one class.
    """

    @classmethod
    def samples(cls) -> dict[str, Any]:
        """Return a value for each setting without a default: its last example."""
        fields = cls.model_fields.items()
        return {
            cls.variable(name).lower(): (field.examples or [None])[-1]
            for name, field in fields
            if field.is_required() or field.default is None
        }

    def unfit_for_production(self) -> Iterable[Refusal]:
        """Return the problems with which production must not start."""
        return ()


def said_twice(kinds: Iterable[type[EnvironmentSettings]]) -> Iterator[str]:
    """Return a sentence for each variable that several classes read."""
    readers: dict[str, list[str]] = defaultdict(list)
    for kind in kinds:
        for variable in kind.variables():
            readers[variable].append(kind.__name__)
    for variable, names in readers.items():
        if len(names) > 1:
            yield (
                f"  {variable}: is a setting of {' and of '.join(names)}; "
                "give one of them another prefix or another name"
            )
