"""Alembic's entry point: `citywide.db.migrate` hands over the connection."""

from alembic import context

from citywide.db.tables import METADATA

# Each revision is done when it is done: one that has to wait holds no other's locks, and an index
# can be made outside of a transaction (`context.autocommit_block()`).
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
