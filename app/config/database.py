"""Builds the database that the settings name. Only this module and the containers know both."""

from collections.abc import Callable
from functools import partial

from app.config.settings import Settings
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.sqlite import SqliteDatabase


def create_database(
    settings: Settings, waited: Callable[[float], object] = bool
) -> SqliteDatabase | PostgresDatabase:
    """Return the database, not connected yet: asyncpg for PostgreSQL, SQLAlchemy for SQLite.

    `waited` is told how long each caller waited for a connection; SQLite has no such queue.
    """
    url = settings.database
    kind: Callable[..., SqliteDatabase | PostgresDatabase] = SqliteDatabase
    if url.get_backend_name() == "postgresql":
        kind = partial(PostgresDatabase, waited=waited)
    return kind(
        url,
        pool_size=settings.database_pool_size,
        timeout=settings.database_timeout_seconds,
        search_timeout=settings.database_search_timeout_seconds,
        echo=settings.database_echo,
    )
