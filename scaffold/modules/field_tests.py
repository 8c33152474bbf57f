"""Values that the tests of a module send, besides its examples."""

from scaffold.modules.examples import Sent, example, literal
from scaffold.modules.types import Type


def changed_example(name: str, type_: Type, *, is_unique: bool) -> Sent:
    """Return what a test changes a field to. No sample has it."""
    if not is_unique:
        return example(name, type_, 1)
    unlike_samples = {"int": -1, "str": "z" * min(6, type_.length)}
    return unlike_samples.get(type_.word, example(name, type_, 0))


def wrong_value(name: str, type_: Type) -> tuple[str, str, str]:
    """Return the expression of a wrong value, the pointer of its error, and the code."""
    pointer = f"/{name}"
    if type_.word == "list":
        return f'["x" * {type_.length + 1}]', f"{pointer}/0", "too_long"
    if type_.word == "lines":
        first = type_.fields[0]
        wrong, inner, code = wrong_value(first.name, first.type)
        line = {key: literal(sent) for key, sent in example(name, type_, 0)[0].items()}
        fields = ", ".join(
            f"{literal(key)}: {sent}" for key, sent in (line | {first.name: wrong}).items()
        )
        return f"[{{{fields}}}]", f"{pointer}/0{inner}", code
    wrong, code = {
        "str": (f'"x" * {type_.length + 1}', "too_long"),
        "email": (literal("bruno"), "invalid_format"),
        "int": (literal("1"), "wrong_type"),
        "bool": (literal("true"), "wrong_type"),
        "decimal": (literal(f"0.{'0' * type_.places}1"), "invalid_format"),
        "enum": (literal("no such value"), "not_allowed"),
    }.get(type_.word, (literal(" "), "invalid_format"))
    return wrong, pointer, code
