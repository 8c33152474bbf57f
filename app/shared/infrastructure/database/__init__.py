"""The database: statements are compiled once and run by asyncpg, or on SQLite by SQLAlchemy."""
