"""Run by Alembic: migrates over the connection that Headgate gives it."""

from alembic import context

from headgate.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.METADATA,
)
# Headgate's own transaction is open: all migrations happen, or none
context.run_migrations()
