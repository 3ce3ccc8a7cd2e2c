"""The tables of the metadata database.

Keys and what is searched for are columns; a value as a whole is kept as the JSON of its type in
`body`. Rows hold digests, never paths of this machine.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as UTC."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

projects = Table(
    "projects",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("description", Text, nullable=False, default=""),
    Column("created", Moment, nullable=False),
)


def _project() -> Column[str]:
    return Column("project", String(64), ForeignKey("projects.key"), primary_key=True)


connections = Table(
    "connections",
    metadata,
    _project(),
    Column("name", String(128), primary_key=True),
    Column("body", Text, nullable=False),
)

datasets = Table(
    "datasets",
    metadata,
    _project(),
    Column("name", String(128), primary_key=True),
    Column("connection", String(128), nullable=True),
    Column("body", Text, nullable=False),
)

models = Table(
    "models",
    metadata,
    _project(),
    Column("name", String(128), primary_key=True),
    Column("prediction_type", String(32), nullable=False),
    Column("description", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("active_version", String(128), nullable=True),
)


def _of_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", "model", "version"],
        ["versions.project", "versions.model", "versions.version"],
        ondelete="CASCADE",
    )


versions = Table(
    "versions",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("revision", String(32), nullable=False),
    Column("env", String(32), nullable=False, index=True),
    Column("imported", Moment, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(["project", "model"], ["models.project", "models.name"]),
)

files = Table(
    "files",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("path", String(1024), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    _of_version(),
)

verifications = Table(
    "verifications",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("env", String(32), primary_key=True),
    Column("host", String(128), primary_key=True),
    Column("scoring_engine", String(32), primary_key=True),
    Column("checked", Moment, nullable=False),
    Column("body", Text, nullable=False),
    _of_version(),
)

envs = Table(
    "envs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created", Moment, nullable=False),
    Column("body", Text, nullable=False),
)

env_names = Table(
    "env_names",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("env", String(32), ForeignKey("envs.id", ondelete="CASCADE"), nullable=False),
)

env_requests = Table(
    "env_requests",
    metadata,
    Column("request", String(64), primary_key=True),
    Column("env", String(32), ForeignKey("envs.id", ondelete="CASCADE"), nullable=False),
    Column("body", Text, nullable=False),
)

recipes = Table(
    "recipes",
    metadata,
    _project(),
    Column("name", String(128), primary_key=True),
    Column("model", String(128), nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_recipes_model", "project", "model"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), ForeignKey("projects.key"), nullable=False),
    Column("model", String(128), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_runs_identity", "project", "identity"),
)

run_chunks = Table(
    "run_chunks",
    metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)
