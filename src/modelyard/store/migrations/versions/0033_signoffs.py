"""The tables of sign-offs of governed items, and of which version of a template items are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Add them."""
    op.add_column("governed_items", sa.Column("template_version", sa.Integer(), nullable=True))
    op.create_table(
        "signoffs",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("life", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.String(length=64), nullable=False),
        sa.Column("due", Moment(timezone=True), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", "step", "number", name=op.f("pk_signoffs")),
    )
    op.create_index("ix_signoffs_status", "signoffs", ["current", "status"])
    op.create_table(
        "signoff_delegates",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("group", sa.String(length=64), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["item", "step", "number"],
            ["signoffs.item", "signoffs.step", "signoffs.number"],
            name=op.f("fk_signoff_delegates_signoffs"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.name"],
            name=op.f("fk_signoff_delegates_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "item", "step", "number", "user", "group", name=op.f("pk_signoff_delegates")
        ),
    )
    op.create_index("ix_signoff_delegates_user", "signoff_delegates", ["user"])
    op.create_table(
        "item_people",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("item", "kind", "name", name=op.f("pk_item_people")),
    )
    op.create_index("ix_item_people_name", "item_people", ["kind", "name"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("item_people")
    op.drop_table("signoff_delegates")
    op.drop_table("signoffs")
    op.drop_column("governed_items", "template_version")
