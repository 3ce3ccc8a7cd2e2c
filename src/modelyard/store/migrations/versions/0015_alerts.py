"""The tables of alerts, of what they send, and of the statuses that were last seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "alerts",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_alerts_projects")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_alerts")),
    )
    op.create_table(
        "alert_messages",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("alert", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("change", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sending", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("ready", sa.Double(), nullable=False),
        sa.Column("leased", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "alert"],
            ["alerts.project", "alerts.name"],
            name=op.f("fk_alert_messages_alerts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_messages")),
        sa.UniqueConstraint(
            *("project", "alert", "kind", "name", "change"),
            name=op.f("uq_alert_messages_project"),
        ),
    )
    op.create_index("ix_alert_messages_state", "alert_messages", ["state", "ready"])
    op.create_index("ix_alert_messages_alert", "alert_messages", ["project", "alert", "id"])
    op.create_table(
        "statuses",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("change", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_statuses_projects")),
        sa.PrimaryKeyConstraint("project", "kind", "name", name=op.f("pk_statuses")),
    )


def downgrade() -> None:
    """Remove them."""
    for name in ("statuses", "alert_messages", "alerts"):
        op.drop_table(name)
