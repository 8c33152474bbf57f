"""The doctor: checks everything that the service needs, and says how to mend each problem."""

import asyncio
import datetime as dt
import os
import shlex
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Select, func, select

from app.config.database import create_database
from app.config.settings import InvalidSettingsError, Settings
from app.container import ApplicationContainer
from app.core.exceptions import CompositionError
from app.core.ports import PortInUse, address_of, refuse_port_in_use
from app.main import build_app
from app.shared.composition import modules_of
from app.shared.infrastructure.database.diagnosis import diagnosed, why_damaged
from app.shared.infrastructure.database.migrate import Readiness
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.postgres_diagnosis import Trouble, no_primary
from app.shared.infrastructure.database.rights import tables_without_rights
from app.shared.infrastructure.database.sqlite import SqliteDatabase
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.database.suitability import why_unsuitable

_ONE = Statement(select(1))
_SERVER_TIME = Statement(select(func.clock_timestamp().label("now")))
_LAST_EVENT = Statement(select(func.max(event_log.c.recorded_at).label("last")))

Opened = SqliteDatabase | PostgresDatabase

AHEAD_OF_CODE = "newer than this code, which still works; only the newer release can migrate it"
GRANT = "as the owner of the tables, grant what docs/deployment/README.md says"
FOR_OTHERS = stat.S_IRWXO
TOLERATED = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked, what was found and, if that is a problem, how to mend it."""

    subject: str
    seen: str
    fix: str = ""

    @property
    def is_trouble(self) -> bool:
        return bool(self.fix)

    def __str__(self) -> str:
        mark = "trouble" if self.is_trouble else "ok"
        fix = f"\n{'':19} fix: {self.fix}" if self.is_trouble else ""
        return f"{mark:>8}  {self.subject:<9}{self.seen}{fix}"


def examine() -> Iterator[Finding]:
    """Check one thing after another; most checks need valid settings."""
    yield _python()
    try:
        settings = ApplicationContainer.load_settings()
    except InvalidSettingsError as error:
        for problem in error.problems:
            yield Finding("settings", *_wrong_and_fix(problem.strip()))
        return
    yield Finding("settings", f"complete, profile {settings.app_env}")
    yield from _modules(settings)
    yield _data_dir(settings)
    yield _port(settings)
    yield from asyncio.run(_database(settings))
    if settings.redis_url is not None or settings.celery_broker_url is not None:
        yield from _others(settings)


def _wrong_and_fix(problem: str) -> tuple[str, str]:
    wrong, _, example = problem.partition("; for example: ")
    if example:
        return wrong, f"set it, for example: {example}"
    wrong, _, fix = problem.rpartition("; ")
    return (wrong, fix) if wrong else (problem, "correct it")


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < (3, 11):  # noqa: UP036 - this is the check itself
        return Finding("python", version, "install Python 3.11 or newer, then: make install")
    return Finding("python", version)


def _modules(settings: Settings) -> Iterator[Finding]:
    try:
        # Not the container alone: routes that do not fit stop the start too.
        app = build_app(settings, ApplicationContainer)
    except CompositionError as error:
        for problem in str(error).splitlines():
            yield Finding("modules", *_wrong_and_fix(problem))
    else:
        yield Finding("modules", ", ".join(modules_of(app.state.container)))


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    is_needed = settings.database.get_backend_name() == "sqlite" or not settings.is_production
    if not is_needed:
        return Finding("data", f"{folder} is not needed: nothing is stored there")
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding(
            "data",
            f"{folder} can't be written",
            "make DATA_DIR a folder that this user may write to",
        )
    if is_open := [str(path) for path in _kept(settings) if path.stat().st_mode & FOR_OTHERS]:
        return Finding(
            "data",
            f"other users of this machine can read {', '.join(is_open)}",
            f"chmod o= {' '.join(shlex.quote(path) for path in is_open)}",
        )
    return Finding("data", f"{folder} can be written")


def _kept(settings: Settings) -> Iterator[Path]:
    """Return the existing files that only the service's user may read."""
    files = [settings.data_dir / "secrets" / "jwt_secret_key", settings.data_dir / "mail"]
    if settings.database.get_backend_name() == "sqlite":
        file = settings.database.database or ""
        files += [Path(file + part) for part in ("", "-wal", "-shm")]
    yield from (file for file in files if file.exists())


def _port(settings: Settings) -> Finding:
    address = address_of(settings.host, settings.port)
    try:
        refuse_port_in_use(settings.host, settings.port)
    except PortInUse as error:
        if _is_ours(settings):
            return Finding("port", f"{address} is used by this service already")
        return Finding("port", f"{address}: {error.seen}", error.fix)
    return Finding("port", f"{address} is free")


def _is_ours(settings: Settings) -> bool:
    with closing(HTTPConnection(settings.host, settings.port, timeout=2)) as connection:
        try:
            connection.request("GET", "/health/live")
            return b'"alive"' in connection.getresponse().read(100)
        except (OSError, HTTPException):
            return False


def _others(settings: Settings) -> Iterator[Finding]:
    from app.shared.infrastructure.events.delivery.celery.diagnosis import (  # noqa: PLC0415 - slow to load
        why_no_broker,
        why_no_redis,
    )

    if settings.redis_url is not None:
        yield _of_other("redis", why_no_redis(settings.redis_url.get_secret_value()))
    if settings.celery_broker_url is not None:
        yield _of_other("broker", why_no_broker(settings.celery_broker_url.get_secret_value()))


def _of_other(subject: str, trouble: Trouble | None) -> Finding:
    return Finding(subject, trouble.seen, trouble.fix) if trouble else Finding(subject, "answers")


async def _database(settings: Settings) -> list[Finding]:
    database = create_database(settings)
    try:
        return [finding async for finding in _findings(database, settings)]
    finally:
        await database.close()


async def _findings(database: Opened, settings: Settings) -> AsyncIterator[Finding]:
    kind = settings.database.get_backend_name()
    try:
        await database.open()
        await database.fetch_one(_ONE, {})
        unfit = await _why_unfit(database, settings.database)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we are asked to tell
        unfit = diagnosed(error, settings.database)
    if unfit is not None:
        yield Finding("database", f"{kind}: {unfit.seen}", unfit.fix)
        return
    yield Finding("database", f"{kind} answers")
    readiness = Readiness(database)
    if (reason := await readiness.why_not()) is not None:
        yield Finding("schema", reason, "python -m app migrate")
        return
    if kind == "postgresql" and (closed := await tables_without_rights(database)):
        yield Finding("schema", f"this role has no access to {', '.join(closed)}", GRANT)
        return
    is_ahead = await readiness.is_ahead()
    yield Finding("schema", AHEAD_OF_CODE if is_ahead else "up to date")
    yield await _clock(database, is_server=kind == "postgresql")


async def _why_unfit(database: Opened, url: URL) -> Trouble | None:
    async def ask(statement: Select[Any]) -> object:
        row = await database.fetch_one(Statement(statement), {})
        return row["answer"] if row else None

    is_server = url.get_backend_name() == "postgresql"
    if is_server and (unsuitable := await why_unsuitable(ask)):
        return Trouble(*unsuitable)
    if not is_server and (damaged := await asyncio.to_thread(why_damaged, url)):
        return damaged
    if await database.is_writable():
        return None
    if is_server:
        return no_primary(None, url)
    return Trouble("it does not accept writes", "let this user write to the file and its folder")


async def _clock(database: Opened, *, is_server: bool) -> Finding:
    """Compare with the server's clock; for a file, with the last event in it."""
    now = dt.datetime.now(dt.UTC)
    last = await database.fetch_one(_LAST_EVENT, {})
    reference = last["last"] if last else None
    ahead = dt.timedelta()
    if is_server and (row := await database.fetch_one(_SERVER_TIME, {})):
        reference = row["now"]
        ahead = now - row["now"]
    behind = reference - now if reference else dt.timedelta()
    if max(ahead, behind) > TOLERATED:
        off = int(max(ahead, behind).total_seconds())
        return Finding(
            "clock",
            f"{off} s different from the database's",
            "set the clock of this machine, best by NTP",
        )
    return Finding("clock", now.isoformat(timespec="seconds"))
