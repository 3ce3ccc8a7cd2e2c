"""Rules about governed items that are scripts, and what these said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Add what a script is, and the table of what it said."""
    with op.batch_alter_table("govern_rules") as table:
        table.add_column(sa.Column("code", sa.Text(), nullable=True))
        table.add_column(
            sa.Column("env", sa.String(length=128), nullable=False, server_default="local")
        )
        table.add_column(sa.Column("seconds", sa.Double(), nullable=False, server_default="60"))
    op.create_table(
        "rule_answers",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_rule_answers")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("rule_answers")
    op.execute("DELETE FROM govern_rules WHERE action = 'script'")
    with op.batch_alter_table("govern_rules") as table:
        for name in ("seconds", "env", "code"):
            table.drop_column(name)
