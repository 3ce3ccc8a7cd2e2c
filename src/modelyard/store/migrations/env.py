"""Alembic's entry: runs the steps on the connection it is given."""

from __future__ import annotations

from alembic import context

from modelyard.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
