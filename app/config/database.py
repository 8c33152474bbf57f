"""Builds the database that the settings name. Only this module and the containers know both."""

from collections.abc import Callable

from app.config.settings import Settings
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.sqlite import SqliteDatabase


def create_database(
    settings: Settings, postgres: Callable[..., PostgresDatabase] = PostgresDatabase
) -> SqliteDatabase | PostgresDatabase:
    """Return the database, not connected yet: asyncpg for PostgreSQL, SQLAlchemy for SQLite.

    `postgres` makes the former, and may give it more than the settings.
    """
    url = settings.database
    is_postgres = url.get_backend_name() == "postgresql"
    kind: Callable[..., SqliteDatabase | PostgresDatabase] = (
        postgres if is_postgres else SqliteDatabase
    )
    return kind(
        url,
        pool_size=settings.database_pool_size,
        timeout=settings.database_timeout_seconds,
        search_timeout=settings.database_search_timeout_seconds,
        echo=settings.database_echo,
    )
