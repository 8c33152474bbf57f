"""The commands of the guide to backups: a restore undoes what was changed after the backup."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from app.config.settings import DATABASE_FILE
from tests.support.guides import Shell, commands_run_by
from tests.support.project_copy import TOOLS
from tests.support.server import Command

BACKUP, CHECK, RESTORE = commands_run_by(__file__)
USERS = 'SELECT count(*) FROM "user"'


def here(commands: str, backups: Path) -> str:
    """Return the commands with the folder of this test, and with the backup that is in it."""
    for newest in backups.glob("*.backup"):
        commands = re.sub(r"/var/backups/\S+\.backup", str(newest), commands)
    return re.sub(r"/var/backups/\S+(?<!\.backup)$", str(backups), commands, flags=re.MULTILINE)


def test_a_backup_that_is_taken_and_checked_can_be_restored(tmp_path: Path) -> None:
    service = Command(tmp_path, {})
    environment = service.environment | {"PATH": f"{TOOLS}:{os.environ['PATH']}"}
    backups = tmp_path / "backups"
    backups.mkdir()
    for command in ("migrate", "users create-admin ana@example.com"):
        assert service.run(*command.split()).returncode == 0
    with Shell(tmp_path, environment) as shell:
        shell.run(here(BACKUP, backups))
        assert service.run("users", "create-admin", "bruno@example.com").returncode == 0
        assert accounts(tmp_path) == 2
        assert "RTO" in shell.run(here(CHECK, backups))
        shell.run(here(RESTORE, backups))
    assert accounts(tmp_path) == 1


def accounts(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "data" / DATABASE_FILE)) as connection:
        [(number,)] = connection.execute(USERS)
    return int(number)
