"""Evaluation stores and labels; evaluations that have a name of their own and may have no model.

The ids of evaluations are of their projects from here on, so their tables are made anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0009"
down_revision = "0008"

HEADLINES = ("auc", "mrocAUC", "r2")
AS_THEY_ARE = (
    *("id", "name", "project", "model", "version", "dataset"),
    *("prediction_type", "created", "created_by"),
)
COLUMNS = ("id", "project", "model", "version", "dataset", "body")
NEW = (
    *("name", "kind", "store", "features", "prediction_column"),
    *("drift_sample", "reference_dataset", "reference_sample"),
)
"""What bodies have more than before."""


def upgrade() -> None:
    """Add stores and labels, and give every evaluation a name and a summary."""
    _put_aside()
    op.create_table(
        "evaluation_stores",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=True),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_evaluation_stores_projects")
        ),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_evaluation_stores")),
    )
    op.create_table(
        "evaluations",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("store", sa.String(length=128), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=True),
        sa.Column("version", sa.String(length=128), nullable=True),
        sa.Column("dataset", sa.Text(), nullable=True),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_evaluations_projects")
        ),
        sa.ForeignKeyConstraint(
            ["project", "store"],
            ["evaluation_stores.project", "evaluation_stores.name"],
            name=op.f("fk_evaluations_evaluation_stores"),
        ),
        sa.PrimaryKeyConstraint("project", "id", name=op.f("pk_evaluations")),
    )
    op.create_index("ix_evaluations_created", "evaluations", ["project", "created", "id"])
    op.create_index("ix_evaluations_model", "evaluations", ["project", "model", "version"])
    op.create_index("ix_evaluations_store", "evaluations", ["project", "store", "created"])
    op.create_table(
        "evaluation_labels",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("evaluation", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        _of_evaluation("labels"),
        sa.PrimaryKeyConstraint("project", "evaluation", "name", name=op.f("pk_evaluation_labels")),
    )
    op.create_index("ix_evaluation_labels_name", "evaluation_labels", ["project", "name"])
    op.create_table(
        "evaluation_files",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("evaluation", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        _of_evaluation("files"),
        sa.PrimaryKeyConstraint("project", "evaluation", "name", name=op.f("pk_evaluation_files")),
    )
    op.create_index(op.f("ix_evaluation_files_sha256"), "evaluation_files", ["sha256"])
    for row in _rows_aside():
        _insert(_with_summary(row))
    op.execute(
        "INSERT INTO evaluation_files (project, evaluation, name, sha256) "
        "SELECT e.project, f.evaluation, f.name, f.sha256 "
        "FROM evaluation_files_aside f JOIN evaluations_aside e ON e.id = f.evaluation"
    )
    _forget_aside()


def downgrade() -> None:
    """Remove them, and the evaluations that have no model or whose id another project has."""
    op.drop_table("evaluation_labels")
    _put_aside()
    op.drop_table("evaluation_stores")
    op.create_table(
        "evaluations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_evaluations_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    op.create_index("ix_evaluations_created", "evaluations", ["project", "created", "id"])
    op.create_index("ix_evaluations_model", "evaluations", ["project", "model", "version"])
    op.create_table(
        "evaluation_files",
        sa.Column("evaluation", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation"],
            ["evaluations.id"],
            name=op.f("fk_evaluation_files_evaluations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evaluation", "name", name=op.f("pk_evaluation_files")),
    )
    op.create_index(op.f("ix_evaluation_files_sha256"), "evaluation_files", ["sha256"])
    seen = set()
    for row in _rows_aside():
        if None not in (row["model"], row["dataset"]) and row["id"] not in seen:
            seen.add(row["id"])
            _insert(_as_it_was(row))
    op.execute(
        "INSERT INTO evaluation_files (evaluation, name, sha256) "
        "SELECT f.evaluation, f.name, f.sha256 FROM evaluation_files_aside f "
        "JOIN evaluations e ON e.id = f.evaluation AND e.project = f.project"
    )
    _forget_aside()


def _of_evaluation(what: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["project", "evaluation"],
        ["evaluations.project", "evaluations.id"],
        name=op.f(f"fk_evaluation_{what}_evaluations"),
        ondelete="CASCADE",
    )


def _put_aside() -> None:
    """Keep the rows in tables without constraints, so that the names of these are free."""
    op.execute("CREATE TABLE evaluations_aside AS SELECT * FROM evaluations")
    op.execute("CREATE TABLE evaluation_files_aside AS SELECT * FROM evaluation_files")
    for table in ("evaluation_files", "evaluations"):
        op.drop_table(table)


def _rows_aside() -> Sequence[sa.RowMapping]:
    """The oldest first."""
    table = sa.table("evaluations_aside", *_columns(*COLUMNS, "created"))
    return op.get_bind().execute(sa.select(table).order_by(table.c.created)).mappings().all()


def _insert(row: Mapping[str, Any]) -> None:
    op.get_bind().execute(sa.insert(sa.table("evaluations", *_columns(*row))).values(row))


def _columns(*names: str) -> list[sa.ColumnClause[Any]]:
    return [sa.column(name, Moment()) if name == "created" else sa.column(name) for name in names]


def _forget_aside() -> None:
    for table in ("evaluation_files", "evaluations"):
        op.drop_table(f"{table}_aside")


def _with_summary(row: sa.RowMapping) -> dict[str, Any]:
    body = json.loads(row["body"])
    body["name"] = f"{datetime.fromisoformat(body['created']):%Y-%m-%d %H:%M:%S}"
    told = {"name": body["name"], "body": json.dumps(body), "summary": json.dumps(_summary(body))}
    return {**row, **told}


def _summary(body: Mapping[str, Any]) -> dict[str, Any]:
    """One line of a list."""
    figures = {
        code: {name: metric.get(name) for name in ("value", "low", "high")}
        for code, metric in body["metrics"].items()
    }
    headline = next((code for code in HEADLINES if code in figures), None)
    return {
        **{name: body.get(name) for name in AS_THEY_ARE},
        "metric": headline,
        **figures.get(headline or "", {}),
        "rows": (body.get("intake") or {"used": body["rows"]})["used"],
        "diagnostics": len(body.get("diagnostics", ())),
        "metrics": figures,
    }


def _as_it_was(row: sa.RowMapping) -> dict[str, Any]:
    body = {name: each for name, each in json.loads(row["body"]).items() if name not in NEW}
    return {**row, "body": json.dumps(body)}
