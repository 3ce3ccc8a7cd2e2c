"""The tables of services, of their endpoints and packages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "services",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("access", sa.String(length=16), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_services_projects")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_services")),
    )
    op.create_table(
        "service_endpoints",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=True),
        sa.Column("version", sa.String(length=128), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        _of_service("service_endpoints"),
        sa.PrimaryKeyConstraint(*("project", "service", "name"), name=op.f("pk_service_endpoints")),
    )
    op.create_index("ix_service_endpoints_model", "service_endpoints", ["project", "model"])
    op.create_table(
        "service_packages",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _of_service("service_packages"),
        sa.PrimaryKeyConstraint(*("project", "service", "name"), name=op.f("pk_service_packages")),
    )
    op.create_index(op.f("ix_service_packages_sha256"), "service_packages", ["sha256"])


def downgrade() -> None:
    """Remove them."""
    for name in ("service_packages", "service_endpoints", "services"):
        op.drop_table(name)


def _of_service(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["project", "service"],
        ["services.project", "services.name"],
        name=op.f(f"fk_{table}_services"),
        ondelete="CASCADE",
    )
