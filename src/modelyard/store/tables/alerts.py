"""The tables of alerts, of what they send, and of the statuses that were last seen.

Times are seconds since 1970 by the database's own clock, as those of jobs are.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from modelyard.store.tables.columns import metadata, project_key

alerts = Table(
    "alerts",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("address", Text, nullable=False),  # of a webhook, which may be as good as a password
    Column("secret", Text, nullable=False),  # that signs what a webhook is sent
    Column("disabled", Boolean, nullable=False),
    Column("body", Text, nullable=False),
)

alert_messages = Table(
    "alert_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("alert", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(256), nullable=False),  # an endpoint's has that of its deployment
    Column("change", String(32), nullable=False),  # which one of the thing
    Column("state", String(16), nullable=False),
    Column("sending", String(32), nullable=True),  # with which others it is sent
    Column("attempts", Integer, nullable=False),
    Column("created", Double, nullable=False),
    Column("ready", Double, nullable=False),  # not to be sent before
    Column("leased", Double, nullable=True),  # until when somebody is sending it
    Column("ended", Double, nullable=True),
    Column("body", Text, nullable=False),
    Column("problem", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "alert"], ["alerts.project", "alerts.name"], ondelete="CASCADE"
    ),
    UniqueConstraint("project", "alert", "kind", "name", "change"),
    Index("ix_alert_messages_state", "state", "ready"),
    Index("ix_alert_messages_alert", "project", "alert", "id"),
)

statuses = Table(
    "statuses",
    metadata,
    project_key(),
    Column("kind", String(16), primary_key=True),
    Column("name", String(256), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("since", Double, nullable=False),
    Column("change", String(32), nullable=False),  # the last one
)
