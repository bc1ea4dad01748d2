"""Alembic's entry point: `citywide.db.migrate` hands over the connection."""

from alembic import context

from citywide.db.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
