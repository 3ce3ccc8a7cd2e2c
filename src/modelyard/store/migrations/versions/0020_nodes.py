"""The tables of nodes that are administered from here, and of their keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "nodes",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_nodes")),
    )
    op.create_table(
        "node_keys",
        sa.Column("node", sa.String(length=128), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node"], ["nodes.name"], name=op.f("fk_node_keys_nodes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_node_keys")),
    )


def downgrade() -> None:
    """Remove them."""
    for name in ("node_keys", "nodes"):
        op.drop_table(name)
