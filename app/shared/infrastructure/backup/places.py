"""Where a backup is restored: beside the live database, whose name it gets when it is proven."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy.engine import URL

from app.shared.infrastructure.backup.manifest import BackupFailed, Manifest
from app.shared.infrastructure.backup.postgres_restore import Server, free_name
from app.shared.infrastructure.backup.postgres_tools import PostgresTools
from app.shared.infrastructure.backup.sqlite_files import in_use_by_nobody_else, swap
from app.shared.infrastructure.database.long_work import on_database
from app.shared.infrastructure.database.postgres_diagnosis import quoted

_PARTS: Final = ("", "-wal", "-shm", "-journal")


class Place(Protocol):
    """A new database beside the live one."""

    live: URL
    new: URL
    kept: URL
    """What the live database is called after the swap."""

    def has_live(self) -> bool:
        """Return whether there is a live database."""
        ...

    def refuse_users(self) -> None:
        """Raise BackupFailed if somebody uses the live database."""
        ...

    def restore(self, backup: Path, manifest: Manifest) -> None:
        """Restore into the new database. Raises BackupFailed."""
        ...

    def drop(self) -> None:
        """Remove the new database."""
        ...

    def swap(self, *, ends_connections: bool) -> None:
        """Give the new database the name of the live one. Raises BackupFailed."""
        ...

    def way_back(self) -> str:
        """Return what to do to go back to the old database."""
        ...


def place_for(live: URL, now: dt.datetime, *, tools: Path | None) -> Place:
    stamp = now.strftime("%Y%m%d_%H%M%S")
    if live.get_backend_name() == "postgresql":
        return _OnServer(live, stamp, tools)
    return _InFolder(live, stamp)


class _OnServer:
    def __init__(self, live: URL, stamp: str, tools: Path | None) -> None:
        self._name, self._stamp, self._tools = live.database or "", stamp, tools
        self._server = Server(live)
        self.live = live
        self.new = live.set(database=free_name(self._name, f"_restoring_{stamp}"))
        self.kept = live.set(database=free_name(self._name, f"_before_{stamp}"))

    def has_live(self) -> bool:
        return self._server.exists(self._name)

    def refuse_users(self) -> None:
        self._server.refuse_users()

    def restore(self, backup: Path, manifest: Manifest) -> None:
        tools = PostgresTools(self._tools, self.new, server=self._server.version)
        name = self.new.database or ""
        self._server.create(name, manifest.created_as or {})
        tools.restore(backup, into=name)
        # Without statistics the first statements would have the worst plans.
        on_database(self.new, lambda c: c.exec_driver_sql("ANALYZE"), isolation="AUTOCOMMIT")

    def drop(self) -> None:
        self._server.drop(self.new.database or "")

    def swap(self, *, ends_connections: bool) -> None:
        new, kept = self.new.database or "", self.kept.database or ""
        self._server.swap(new, kept=kept, ends_connections=ends_connections)

    def way_back(self) -> str:
        live, kept = quoted(self._name), quoted(self.kept.database)
        restored = quoted(free_name(self._name, f"_restored_{self._stamp}"))
        return (
            "stop the service, and run in psql, in the database postgres:\n"
            f"  ALTER DATABASE {live} RENAME TO {restored};\n"
            f"  ALTER DATABASE {kept} RENAME TO {live};"
        )


class _InFolder:
    def __init__(self, live: URL, stamp: str) -> None:
        self._file = file = Path(live.database or "")
        self._new = file.with_name(f"{file.name}.restoring_{stamp}")
        self._kept = file.with_name(f"{file.name}.before_{stamp}")
        self.live = live
        self.new, self.kept = live.set(database=str(self._new)), live.set(database=str(self._kept))

    def has_live(self) -> bool:
        return self._file.exists()

    def refuse_users(self) -> None:
        with in_use_by_nobody_else(self._file):
            pass

    def restore(self, backup: Path, manifest: Manifest) -> None:  # noqa: ARG002 - as the protocol
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._new.touch(mode=0o600, exist_ok=False)
        shutil.copyfile(backup, self._new)

    def drop(self) -> None:
        for part in _PARTS:
            Path(f"{self._new}{part}").unlink(missing_ok=True)

    def swap(self, *, ends_connections: bool) -> None:
        if ends_connections:
            raise BackupFailed("--end-connections is for PostgreSQL. With SQLite stop the service.")
        with in_use_by_nobody_else(self._file):
            swap(self._new, self._file, self._kept)

    def way_back(self) -> str:
        return f"stop the service, and run: mv {self._kept} {self._file}"
