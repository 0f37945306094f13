"""The database schema, step by step: Alembic runs these when a database is opened that is older."""
