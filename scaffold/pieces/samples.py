"""Values for the fields of events, in tests."""

from collections.abc import Iterable
from typing import Final

_SAMPLES: Final = {
    "UUID": "new_id()",
    "str": '"Bricks"',
    "int": "2",
    "bool": "True",
    "float": "0.5",
    "Decimal": 'Decimal("12.50")',
    "dt.date": "dt.date(2026, 1, 31)",
    "dt.datetime": "NOW",
    "dt.timedelta": "dt.timedelta(hours=1)",
    "list[str]": '["Bricks"]',
    "list[UUID]": "[new_id()]",
    "dict[str, str]": "{}",
}
_IMPORTS: Final = {
    "new_id()": "from app.shared.domain.base_entity import new_id",
    "Decimal(": "from decimal import Decimal",
    "dt.": "import datetime as dt",
    "NOW": "from tests.support.moments import NOW",
}


def sample_of(annotation: str) -> str | None:
    """Return an expression of a type, or None if the type is not known here."""
    kinds = [each.strip() for each in annotation.split("|")]
    if "None" in kinds:
        return "None"
    return _SAMPLES.get(kinds[0])


def imports_of_samples(samples: Iterable[str]) -> str:
    """Return the lines that import what the expressions use."""
    written = " ".join(samples)
    return "\n".join(line for used, line in _IMPORTS.items() if used in written)
