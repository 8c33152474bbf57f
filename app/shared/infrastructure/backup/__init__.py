"""Backups of the database: taken with a manifest, restored beside the old one, and proven."""
