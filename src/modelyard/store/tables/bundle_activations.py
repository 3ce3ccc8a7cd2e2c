"""The tables of activations of bundles, and of what a project keeps for itself through them."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata, project_key

bundle_activations = Table(
    "bundle_activations",
    metadata,
    project_key(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("before", String(128), nullable=True),
    Column("bundle", String(128), nullable=False),
    Column("how", String(16), nullable=False),
    Column("activated", Moment, nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("body", Text, nullable=False),  # the report
    Column("placed", Text, nullable=False),  # JSON: which rows came with bundles
)

project_locals = Table(
    "project_locals",
    metadata,
    project_key(),
    Column("body", Text, nullable=False),
    Column("preloaded", Text, nullable=False),  # JSON: what came of loading versions here
)
