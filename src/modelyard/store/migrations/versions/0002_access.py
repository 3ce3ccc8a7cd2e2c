"""The tables of access."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started", Moment(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_actor"), "audit_entries", ["actor"], unique=False)
    op.create_index(op.f("ix_audit_entries_project"), "audit_entries", ["project"], unique=False)
    op.create_index(op.f("ix_audit_entries_started"), "audit_entries", ["started"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_pending",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("started", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_pending")),
    )
    op.create_index(op.f("ix_audit_pending_process"), "audit_pending", ["process"], unique=False)
    op.create_table(
        "groups",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_groups")),
    )
    op.create_table(
        "login_failures",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_failures")),
    )
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("secret", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_secrets")),
    )
    op.create_table(
        "setup_links",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("expires", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_setup_links")),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=True),
        sa.Column("identity", sa.String(length=512), nullable=True),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
        sa.UniqueConstraint("identity", name=op.f("uq_users_identity")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("projects", sa.Text(), nullable=True),
        sa.Column("rights", sa.Text(), nullable=True),
        sa.Column("made_by", sa.String(length=16), nullable=True),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("expires", Moment(timezone=True), nullable=True),
        sa.Column("revoked", Moment(timezone=True), nullable=True),
        sa.Column("used", Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"], ["users.name"], name=op.f("fk_api_keys_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_made_by"), "api_keys", ["made_by"], unique=False)
    op.create_index(op.f("ix_api_keys_user"), "api_keys", ["user"], unique=False)
    op.create_table(
        "group_users",
        sa.Column("group", sa.String(length=128), nullable=False),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("provider", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group"], ["groups.name"], name=op.f("fk_group_users_groups"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user"], ["users.name"], name=op.f("fk_group_users_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group", "user", name=op.f("pk_group_users")),
    )
    op.create_table(
        "members",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("since", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_members_projects"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project", "kind", "name", name=op.f("pk_members")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("expires", Moment(timezone=True), nullable=False),
        sa.Column("seen", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"], ["users.name"], name=op.f("fk_sessions_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("sha256", name=op.f("uq_sessions_sha256")),
    )
    op.create_index(op.f("ix_sessions_user"), "sessions", ["user"], unique=False)
    head = sa.table("audit_head", sa.column("id"), sa.column("number"), sa.column("sha256"))
    op.get_bind().execute(sa.insert(head).values(id=1, number=0, sha256="0" * 64))


def downgrade() -> None:
    """Remove them."""
    op.drop_index(op.f("ix_sessions_user"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_table("members")
    op.drop_table("group_users")
    op.drop_index(op.f("ix_api_keys_user"), table_name="api_keys")
    op.drop_index(op.f("ix_api_keys_made_by"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("users")
    op.drop_table("setup_links")
    op.drop_table("server_secrets")
    op.drop_table("login_failures")
    op.drop_table("groups")
    op.drop_index(op.f("ix_audit_pending_process"), table_name="audit_pending")
    op.drop_table("audit_pending")
    op.drop_table("audit_head")
    op.drop_index(op.f("ix_audit_entries_started"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_project"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_actor"), table_name="audit_entries")
    op.drop_table("audit_entries")
