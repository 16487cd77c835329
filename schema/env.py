"""Alembic's entry: runs the scripts on a given connection, or renders them as SQL."""

from __future__ import annotations

from alembic import context

from sectypes.store.tables import VERSION_TABLE, metadata

attributes = context.config.attributes
options = {"target_metadata": metadata, "version_table": VERSION_TABLE}

if context.is_offline_mode():
    context.configure(dialect_name=attributes["dialect"], literal_binds=True, **options)
else:
    context.configure(connection=attributes["connection"], **options)

with context.begin_transaction():
    context.run_migrations()
