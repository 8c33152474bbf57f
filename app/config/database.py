"""Builds the database that the settings name. Only this module and the containers know both."""

from app.config.settings import Settings
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.sqlite import SqliteDatabase


def create_database(settings: Settings) -> SqliteDatabase | PostgresDatabase:
    """Return the database, not connected yet: asyncpg for PostgreSQL, SQLAlchemy for SQLite."""
    url = settings.database
    kind = PostgresDatabase if url.get_backend_name() == "postgresql" else SqliteDatabase
    return kind(
        url,
        pool_size=settings.database_pool_size,
        timeout=settings.database_timeout_seconds,
        search_timeout=settings.database_search_timeout_seconds,
        echo=settings.database_echo,
    )
