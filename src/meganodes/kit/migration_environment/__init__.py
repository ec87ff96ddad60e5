"""What Alembic runs for every family of tables; the revisions stand beside the tables' owners."""
