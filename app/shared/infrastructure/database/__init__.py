"""The database: statements compiled once, run by the driver, elsewhere by SQLAlchemy."""
