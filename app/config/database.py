"""The database that the settings name. With the containers, the one place that knows both."""

from app.config.settings import Settings
from app.shared.infrastructure.database.generic import GenericDatabase
from app.shared.infrastructure.database.postgres import PostgresDatabase


def create_database(settings: Settings) -> GenericDatabase | PostgresDatabase:
    """Return it, not connected yet: asyncpg for PostgreSQL, SQLAlchemy for anything else."""
    url = settings.database
    echo = settings.database_echo
    size, timeout = settings.database_pool_size, settings.database_timeout_seconds
    if url.get_backend_name() == "postgresql":
        return PostgresDatabase(url, pool_size=size, timeout=timeout, echo=echo)
    return GenericDatabase(url, pool_size=size, timeout=timeout, echo=echo)
