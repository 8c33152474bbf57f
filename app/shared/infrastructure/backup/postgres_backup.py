"""Takes a backup of PostgreSQL: a dump and its contents, both of one snapshot."""

import datetime as dt
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import URL, Connection

from app.shared.infrastructure.backup.contents import read_contents
from app.shared.infrastructure.backup.manifest import (
    BackupFailed,
    Contents,
    Manifest,
    digest,
    written_aside,
)
from app.shared.infrastructure.backup.postgres_tools import PostgresTools
from app.shared.infrastructure.database.long_work import on_database

_SNAPSHOT: Final = text("""
SELECT pg_export_snapshot() AS snapshot, clock_timestamp() AS taken_at,
    current_setting('server_version_num')::int / 10000 AS server,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text
        AS position
""")
# The dump does not contain these: they belong to the database itself.
_CREATED_AS: Final = text("""
SELECT to_jsonb(d) - 'datacl' || jsonb_build_object(
    'owner', pg_get_userbyid(datdba),
    'grants', (SELECT jsonb_agg(jsonb_build_object(
            'to', CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END,
            'right', privilege_type, 'grants', is_grantable))
        FROM aclexplode(datacl) WHERE grantee <> datdba),
    'is_open', datacl IS NULL,
    'settings', (SELECT to_jsonb(setconfig) FROM pg_db_role_setting
        WHERE setdatabase = d.oid AND setrole = 0))
FROM pg_database d WHERE datname = current_database()
""")


def back_up(url: URL, file: Path, *, tools: Path | None, service: str, version: str) -> Manifest:
    """Write a dump, which may take hours, and return its manifest. Raises BackupFailed."""

    def work(connection: Connection) -> Manifest:
        # One transaction around all of it: the snapshot lives as long as the transaction does.
        taken = connection.execute(_SNAPSHOT).one()
        created_as: dict[str, Any] = connection.execute(_CREATED_AS).scalar_one()
        programs = PostgresTools(tools, url, server=taken.server)
        with written_aside(file) as part:
            with programs.dumping(part, snapshot=taken.snapshot):
                contents = read_contents(connection)
                refuse_empty(contents, url)
            _refuse_incomplete(contents, programs.tables_in(part))
            sha256, size = digest(part), part.stat().st_size
        return Manifest(
            service=service,
            version=version,
            kind="postgresql",
            database=url.database or "",
            taken_at=taken.taken_at.astimezone(dt.UTC),
            contents=contents,
            sha256=sha256,
            size=size,
            position=taken.position,
            created_as=created_as,
        )

    return on_database(url, work, isolation="REPEATABLE READ")


def refuse_empty(contents: Contents, url: URL) -> None:
    """Raise BackupFailed if there is nothing to back up: a wrong address looks like this."""
    if not contents.revisions or contents.rows == len(contents.revisions):
        raise BackupFailed(
            f"{url.render_as_string(hide_password=True)} holds no data of this service, so nothing "
            "was written. Check DATABASE_URL."
        )


def _refuse_incomplete(contents: Contents, listed: str) -> None:
    missing = [
        name
        for name in contents.tables
        if f" TABLE DATA {name.replace('.', ' ', 1)} " not in listed
    ]
    if missing:
        raise BackupFailed(f"The dump lacks the rows of {', '.join(missing)}; it was not kept.")
