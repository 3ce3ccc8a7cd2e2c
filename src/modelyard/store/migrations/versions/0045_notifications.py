"""Who is told what of governed items, and what is sent of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Add the tables; nobody is told of what happened before."""
    _people()
    _what_is_told()
    marks = op.create_table(
        "notification_marks",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notification_marks")),
    )
    last = op.get_bind().scalar(sa.text("select max(number) from item_events_head"))
    if last:
        op.bulk_insert(marks, [{"name": "events", "number": last}])


def _user(*, nullable: bool = False) -> sa.Column[str]:
    return sa.Column("user", sa.String(length=128), nullable=nullable)


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user"], ["users.name"], name=op.f(f"fk_{table}_users"), ondelete="CASCADE"
    )


def _people() -> None:
    op.create_table(
        "subscriptions",
        _user(),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        _of_user("subscriptions"),
        sa.PrimaryKeyConstraint("user", "scope", "name", name=op.f("pk_subscriptions")),
    )
    op.create_index("ix_subscriptions_name", "subscriptions", ["scope", "name"])
    op.create_table(
        "notified_users",
        _user(),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("digest", sa.Double(), nullable=True),
        sa.Column("own", sa.Boolean(), nullable=False),
        _of_user("notified_users"),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_notified_users")),
    )


def _what_is_told() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(length=32), nullable=False),
        _user(nullable=True),
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("change", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("read", sa.Double(), nullable=True),
        _of_user("notifications"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("user", "item", "change", name=op.f("uq_notifications_user")),
    )
    op.create_index("ix_notifications_user", "notifications", ["user", "id"])
    op.create_index("ix_notifications_item", "notifications", ["item", "kind"])
    op.create_table(
        "notification_messages",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("notification", sa.String(length=32), nullable=False),
        _user(nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sending", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("ready", sa.Double(), nullable=False),
        sa.Column("leased", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notification"],
            ["notifications.id"],
            name=op.f("fk_notification_messages_notifications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_messages")),
    )
    name = "ix_notification_messages_notification"
    op.create_index(name, "notification_messages", ["notification"])
    op.create_index("ix_notification_messages_state", "notification_messages", ["state", "ready"])


def downgrade() -> None:
    """Remove them."""
    for table in (
        *("notification_marks", "notification_messages", "notifications"),
        *("notified_users", "subscriptions"),
    ):
        op.drop_table(table)
