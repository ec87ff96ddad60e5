"""How Alembic reaches the database: over the connection, and in the transaction, it is handed."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
