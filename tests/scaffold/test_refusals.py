"""A command that is refused says why, and ends with a status of its own."""

import pytest

from scaffold.__main__ import cli, main
from scaffold.errors import Refusal


def test_a_refusal_prints_its_sentence_and_ends_with_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_arguments: object) -> None:
        raise Refusal("name another folder")

    monkeypatch.setattr("scaffold.__main__.cli", refuse)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 3
    assert capsys.readouterr() == ("", "name another folder\n")


def test_the_command_line_has_a_page_of_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli(["--help"])
    assert ended.value.code == 0
    assert "Make projects from this base" in capsys.readouterr().out
