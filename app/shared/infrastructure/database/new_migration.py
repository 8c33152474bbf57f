"""Writes a migration from the differences between models and migrations."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from alembic import command
from alembic.operations import ops
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite

from app.shared.infrastructure.database.migrate import alembic_config, upgrade
from app.shared.infrastructure.database.revisions import FOLDERS, MigrationFailed, heads, revisions

_NUMBERED: Final = re.compile(r"[a-z]+_([0-9]+)")


def write_migration(message: str, branch: str) -> Path:
    """Write the next migration of a branch; return its file. Raises MigrationFailed.

    It compares with a new SQLite file, so the state of a developer's own database does not matter.
    """
    ours = [name for name, revision in revisions().items() if revision.branch == branch]
    numbers = [int(found[1]) for found in map(_NUMBERED.fullmatch, ours) if found]
    number = 1 + max(numbers, default=0)
    others = [name for other, name in heads().items() if other != branch]
    FOLDERS[branch].mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/new.db"
        upgrade(url)
        config = alembic_config(url)
        config.attributes["branch"] = branch
        written = command.revision(
            config,
            message,
            autogenerate=True,
            rev_id=f"{branch}_{number:04}",
            head=heads().get(branch, "base"),
            branch_label=None if ours else branch,
            depends_on=None if ours else ",".join(others) or None,
            version_path=str(FOLDERS[branch]),
            process_revision_directives=_finished,
        )
    revisions.cache_clear()
    if written is None or isinstance(written, list):
        raise MigrationFailed("The migrations already contain everything of the models.")
    return Path(written.path)


def _finished(_context: object, _revision: object, directives: list[Any]) -> None:
    (script,) = directives
    if script.upgrade_ops.is_empty():
        directives.clear()
        return
    for operations in (script.upgrade_ops, script.downgrade_ops):
        _write_conditions(operations)
        _shorten(operations)


def _write_conditions(operations: Any) -> None:
    """Write the condition of an index for each database; Alembic would write SQLite's for both."""
    for operation in getattr(operations, "ops", ()):
        _write_conditions(operation)
        options = getattr(operation, "kw", {})
        for dialect in (postgresql.dialect(), sqlite.dialect()):  # type: ignore[no-untyped-call]
            name = f"{dialect.name}_where"
            if options.get(name) is not None:
                compiler = dialect.statement_compiler(dialect, None)
                written = compiler.process(options[name], include_table=False, literal_binds=True)
                options[name] = text(written)


def _shorten(operations: Any) -> None:
    """Write the indexes of a new table beside it, and drop none before its table."""
    whole = (ops.CreateTableOp, ops.DropTableOp)
    tables = {each.table_name for each in operations.ops if isinstance(each, whole)}
    short: list[Any] = []
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps) and each.table_name in tables:
            short += [part for part in each.ops if not isinstance(part, ops.DropIndexOp)]
        else:
            short.append(each)
    operations.ops[:] = short
