"""The tables of what monitoring finds out of deployments; longer names of what alerts tell of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0029"
down_revision = "0028"
NAMED = ("statuses", "alert_messages")
NEW_KINDS = ("endpoint", "external")


def upgrade() -> None:
    """Add the tables, and have room for the name of an endpoint with that of its deployment."""
    op.create_table(
        "deployment_watches",
        *_key("deployment_watches"),
        sa.Column("refreshed", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "deployment", name=op.f("pk_deployment_watches")),
    )
    op.create_table(
        "endpoint_activity",
        *_key("endpoint_activity"),
        sa.Column("endpoint", sa.String(length=128), nullable=False),
        sa.Column("generation", sa.String(length=128), nullable=False),
        sa.Column("at", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("queries", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("buckets", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            *("project", "deployment", "endpoint", "generation", "at", "place"),
            name=op.f("pk_endpoint_activity"),
        ),
    )
    _widen(128, 256)


def downgrade() -> None:
    """Remove them, and what is kept of endpoints."""
    for name in NAMED:
        table = sa.table(name, sa.column("kind", sa.String()))
        op.execute(sa.delete(table).where(table.c.kind.in_(NEW_KINDS)))
    _widen(256, 128)
    op.drop_table("endpoint_activity")
    op.drop_table("deployment_watches")


def _key(table: str) -> tuple[sa.Column[str] | sa.ForeignKeyConstraint, ...]:
    return (
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("deployment", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "deployment"],
            ["deployments.project", "deployments.name"],
            name=op.f(f"fk_{table}_deployments"),
            ondelete="CASCADE",
        ),
    )


def _widen(before: int, after: int) -> None:
    for name in NAMED:
        with op.batch_alter_table(name) as table:
            table.alter_column(
                "name",
                existing_type=sa.String(length=before),
                type_=sa.String(length=after),
                existing_nullable=False,
            )
