"""The tables of governed items and of their timeline."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0028"
down_revision = "0022"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "governed_items",
        sa.Column("id", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("parent", sa.String(length=400), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_from", sa.Text(), nullable=False),
        sa.Column("template", sa.String(length=128), nullable=True),
        sa.Column("status", sa.String(length=128), nullable=False),
        sa.Column("stage", sa.String(length=128), nullable=False),
        sa.Column("readers", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("changed", Moment(timezone=True), nullable=False),
        sa.Column("gone", Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_governed_items")),
    )
    op.create_index("ix_governed_items_kind", "governed_items", ["kind", "state"])
    op.create_index("ix_governed_items_parent", "governed_items", ["parent"])
    op.create_index("ix_governed_items_project", "governed_items", ["project", "kind"])
    op.create_table(
        "item_events",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("attribute", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_item_events")),
    )
    op.create_index("ix_item_events_item", "item_events", ["item", "number"])
    op.create_table(
        "item_events_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_events_head")),
    )
    head = sa.table("item_events_head", sa.column("id"), sa.column("number"), sa.column("sha256"))
    op.get_bind().execute(sa.insert(head).values(id=1, number=0, sha256="0" * 64))


def downgrade() -> None:
    """Remove them."""
    op.drop_table("item_events_head")
    op.drop_table("item_events")
    op.drop_table("governed_items")
