"""The history of the directory's tables, run by Alembic (see ``directory.schema``)."""
