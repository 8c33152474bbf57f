"""PostgreSQL's own tools: found or asked for, and given no password that others can see."""

from pathlib import Path

import pytest

from tests.integration.cli.backup.conftest import Live, OnServer
from tests.integration.cli.conftest import Run, Set
from tests.support.postgres import installed_tools

pytestmark = pytest.mark.parametrize("live", ["postgresql"], indirect=True)


def put(folder: Path, tool: str, script: str) -> None:
    file = folder / tool
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_tools_that_are_missing_are_asked_for(
    run: Run, live: Live, set_to: Set, tmp_path: Path
) -> None:
    set_to(postgres_tools=tmp_path)
    result = run("backup", "a.backup")
    assert result.code == 1
    assert f"There is no pg_dump in {tmp_path}. Install PostgreSQL's client" in result.errors
    assert "POSTGRES_TOOLS=" in result.errors


def test_tools_that_are_older_than_the_server_are_refused(
    run: Run, live: Live, set_to: Set, tmp_path: Path
) -> None:
    for tool in ("pg_dump", "pg_restore"):
        put(tmp_path, tool, f"echo '{tool} (PostgreSQL) 9.6'")
    set_to(postgres_tools=tmp_path)
    result = run("backup", "a.backup")
    assert result.code == 1
    assert "pg_dump (PostgreSQL) 9.6, which is older than the server" in result.errors


def test_a_password_is_in_no_argument_and_no_output(
    run: Run, live: Live, set_to: Set, tmp_path: Path
) -> None:
    assert isinstance(live, OnServer)
    for tool in ("pg_dump", "pg_restore"):
        note = f'echo "$0 $@" >> {tmp_path}/arguments'
        put(tmp_path, tool, f'{note}\nexec {installed_tools()}/{tool} "$@"')
    set_to(postgres_tools=tmp_path)
    results = [run("backup", "a.backup"), run("restore", "a.backup")]
    assert [result.code for result in results] == [0, 0]
    told = (tmp_path / "arguments").read_text() + str(results)
    told += Path("a.backup.manifest.json").read_text()
    assert str(live.url.password) not in told


def test_a_dump_that_fails_leaves_nothing(
    run: Run, live: Live, set_to: Set, tmp_path: Path
) -> None:
    put(tmp_path, "pg_restore", f'exec {installed_tools()}/pg_restore "$@"')
    put(
        tmp_path,
        "pg_dump",
        'case "$1" in --version) echo "pg_dump (PostgreSQL) 99.0" ;; '
        '*) echo "pg_dump: error: out of disk" >&2; exit 1 ;; esac',
    )
    set_to(postgres_tools=tmp_path)
    result = run("backup", "a.backup")
    assert (result.code, result.errors) == (1, "pg_dump: error: out of disk\n")
    assert [path for path in tmp_path.iterdir() if "a.backup" in path.name] == []
