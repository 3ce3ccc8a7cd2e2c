"""The history of activations, the version that was active before, and the table of replays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add them; of what was active before, nothing is known."""
    op.add_column("models", sa.Column("previous_version", sa.String(length=128), nullable=True))
    op.create_table(
        "activations",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("before", sa.String(length=128), nullable=True),
        sa.Column("version", sa.String(length=128), nullable=True),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("activated", Moment(timezone=True), nullable=False),
        sa.Column("activated_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "model"],
            ["models.project", "models.name"],
            name=op.f("fk_activations_models"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "model", "number", name=op.f("pk_activations")),
    )
    op.create_table(
        "model_replays",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("against", sa.String(length=128), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "model"],
            ["models.project", "models.name"],
            name=op.f("fk_model_replays_models"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "id", name=op.f("pk_model_replays")),
    )
    op.create_index(
        "ix_model_replays_created", "model_replays", ["project", "model", "created", "id"]
    )
    op.create_index(op.f("ix_model_replays_sha256"), "model_replays", ["sha256"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("model_replays")
    op.drop_table("activations")
    with op.batch_alter_table("models") as table:
        table.drop_column("previous_version")
