"""The tables of monitoring scopes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "scopes",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("checked", Moment(timezone=True), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_scopes_projects")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_scopes")),
    )
    op.create_table(
        "scope_tokens",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=128), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "scope"],
            ["scopes.project", "scopes.name"],
            name=op.f("fk_scope_tokens_scopes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "scope", name=op.f("pk_scope_tokens")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("scope_tokens")
    op.drop_table("scopes")
