"""The tables of who is told what of governed items, and of what is sent of that.

Moments of what is sent are seconds since 1970 by the database's own clock, as those of jobs are.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from modelyard.store.tables.columns import Moment, metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("user", String(128), ForeignKey("users.name", ondelete="CASCADE"), primary_key=True),
    Column("scope", String(16), primary_key=True),  # item, project, template or kind
    Column("name", String(400), primary_key=True),  # of that
    Column("level", String(8), nullable=False),
    Column("chosen", Boolean, nullable=False),  # by them; else it came with what they did
    Column("since", Moment, nullable=False),
    Index("ix_subscriptions_name", "scope", "name"),
)

notified_users = Table(
    "notified_users",
    metadata,
    Column("user", String(128), ForeignKey("users.name", ondelete="CASCADE"), primary_key=True),
    Column("mail", Boolean, nullable=False),
    Column("webhook", Text, nullable=False),  # an address, which may be as good as a password
    Column("secret", Text, nullable=False),  # that signs what it is sent
    Column("digest", Double, nullable=True),  # minutes; none: as the settings say
    Column("own", Boolean, nullable=False),
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", String(32), primary_key=True),
    Column(  # none: for the webhook of the settings, which is told of everything
        "user", String(128), ForeignKey("users.name", ondelete="CASCADE"), nullable=True
    ),
    Column("item", String(400), nullable=False),
    Column("step", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("change", String(200), nullable=False),  # which one of the item
    Column("body", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("read", Double, nullable=True),
    UniqueConstraint("user", "item", "change"),
    Index("ix_notifications_user", "user", "id"),
    Index("ix_notifications_item", "item", "kind"),
)

notification_messages = Table(
    "notification_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column(
        "notification",
        String(32),
        ForeignKey("notifications.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("user", String(128), nullable=True),  # as in the notification
    Column("channel", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("sending", String(32), nullable=True),  # with which others it is sent
    Column("attempts", Integer, nullable=False),
    Column("created", Double, nullable=False),
    Column("ready", Double, nullable=False),  # not to be sent before
    Column("leased", Double, nullable=True),  # until when somebody is sending it
    Column("ended", Double, nullable=True),
    Column("problem", Text, nullable=False),
    Index("ix_notification_messages_state", "state", "ready"),
)

notification_marks = Table(
    "notification_marks",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("number", BigInteger, nullable=False),  # how far was looked
)
