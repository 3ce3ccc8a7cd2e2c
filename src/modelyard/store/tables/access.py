"""The tables of users, groups, keys, members, sessions and the audit log.

A secret is kept as its hash. A name of a user or group that is gone is gone from all of them, so
that nobody who gets the name later inherits anything; jobs and scenarios then name nobody.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata


def _user(*, part_of_key: bool = False) -> Column[str]:
    owner = ForeignKey("users.name", ondelete="CASCADE")
    if part_of_key:
        return Column("user", String(128), owner, primary_key=True)
    return Column("user", String(128), owner, nullable=False, index=True)


users = Table(
    "users",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("email", String(254), nullable=False),
    Column("display_name", String(200), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("password", String(256), nullable=True),
    Column("identity", String(512), nullable=True, unique=True),
    Column("created", Moment, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("description", Text, nullable=False),
    Column("rights", Text, nullable=False),
    Column("created", Moment, nullable=False),
)

group_users = Table(
    "group_users",
    metadata,
    Column("group", String(128), ForeignKey("groups.name", ondelete="CASCADE"), primary_key=True),
    _user(part_of_key=True),
    Column("provider", Boolean, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("project", String(64), ForeignKey("projects.key", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("since", Moment, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    _user(),
    Column("name", String(128), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("projects", Text, nullable=True),
    Column("rights", Text, nullable=True),
    Column("made_by", String(16), nullable=True, index=True),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=True),
    Column("revoked", Moment, nullable=True),
    Column("used", Moment, nullable=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    _user(),
    Column("way", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Moment, nullable=False),
)

setup_links = Table(
    "setup_links",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("expires", Moment, nullable=False),
)

server_secrets = Table(
    "server_secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("secret", String(128), nullable=False),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("started", Moment, nullable=False, index=True),
    Column("actor", String(128), nullable=False, index=True),
    Column("action", String(64), nullable=False),
    Column("project", String(64), nullable=False, index=True),
    Column("outcome", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)

audit_pending = Table(
    "audit_pending",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("process", String(128), nullable=False, index=True),
    Column("started", Moment, nullable=False),
    Column("body", Text, nullable=False),
)
