"""Writes `docs/operations/commands.md`: the commands of `python -m app`, from the code."""

from collections.abc import Iterator, Mapping
from typing import Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

PAGE: Final = """# Commands

`make openapi` writes this page. Begin each command with `python -m app`, or with
`python -m app --env-file FILE` to name a file of settings. `--help` explains the options.
"""
HEAD: Final = "\n| command | does | options |\n| --- | --- | --- |\n"


def command_list(cli: typer.Typer) -> str:
    """Return the page: the commands without a group, and then those of each group."""
    everything = get_group(cli).commands
    sections = [f"{PAGE}\n## Without a group\n{_table(everything)}"]
    for name, group in sorted(everything.items()):
        if isinstance(group, TyperGroup):
            table = _table(group.commands, f"{name} ")
            sections.append(f"\n## `{name}`\n\n{_first_sentences(group.help)}\n{table}")
    return "".join(sections)


def _table(commands: Mapping[str, object], group: str = "") -> str:
    rows = (
        f"| `{' '.join([group + name, *_arguments(command)])}` | {_first_sentences(command.help)} "
        f"| {', '.join(f'`{option}`' for option in _options(command))} |\n"
        for name, command in sorted(commands.items())
        if isinstance(command, TyperCommand)
    )
    return HEAD + "".join(rows)


def _arguments(command: TyperCommand) -> list[str]:
    pieces = command.collect_usage_pieces(typer.Context(command))
    return [piece for piece in pieces if piece != command.options_metavar]


def _options(command: TyperCommand) -> Iterator[str]:
    for parameter in command.params:
        record = parameter.get_help_record(typer.Context(command))
        if record and record[0].startswith("-"):
            yield record[0]


def _first_sentences(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())
