"""Alembic environment of the catalogue."""
