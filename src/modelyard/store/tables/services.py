"""The tables of services, of their endpoints and packages."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from modelyard.store.tables.columns import Moment, metadata, project_key

services = Table(
    "services",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("description", Text, nullable=False),
    Column("access", String(16), nullable=False),
    Column("created", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("changed", Moment, nullable=False),
)


def _of_service() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", "service"], ["services.project", "services.name"], ondelete="CASCADE"
    )


service_endpoints = Table(
    "service_endpoints",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("service", String(128), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("model", String(128), nullable=True),
    Column("version", String(128), nullable=True),
    Column("body", Text, nullable=False),
    _of_service(),
    Index("ix_service_endpoints_model", "project", "model"),
)

service_packages = Table(
    "service_packages",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("service", String(128), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("created", Moment, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("body", Text, nullable=False),
    _of_service(),
)
