"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.kernel.values import now
from modelyard.store.tables import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "envs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_envs")),
    )
    op.create_table(
        "projects",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_projects")),
    )
    op.create_table(
        "connections",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_connections_projects")
        ),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_connections")),
    )
    op.create_table(
        "datasets",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("connection", sa.String(length=128), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_datasets_projects")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_datasets")),
    )
    op.create_table(
        "env_names",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("env", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["env"], ["envs.id"], name=op.f("fk_env_names_envs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_env_names")),
    )
    op.create_table(
        "env_requests",
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("env", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["env"], ["envs.id"], name=op.f("fk_env_requests_envs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_env_requests")),
    )
    op.create_table(
        "models",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("prediction_type", sa.String(length=32), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("active_version", sa.String(length=128), nullable=True),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_models_projects")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_models")),
    )
    op.create_table(
        "recipes",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_recipes_projects")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_recipes")),
    )
    with op.batch_alter_table("recipes", schema=None) as batch_op:
        batch_op.create_index("ix_recipes_model", ["project", "model"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_runs_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index("ix_runs_identity", ["project", "identity"], unique=False)

    op.create_table(
        "run_chunks",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["runs.id"], name=op.f("fk_run_chunks_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "chunk", name=op.f("pk_run_chunks")),
    )
    op.create_table(
        "versions",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.Column("env", sa.String(length=32), nullable=False),
        sa.Column("imported", Moment(timezone=True), nullable=False),
        sa.Column("trained", Moment(timezone=True), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "model"], ["models.project", "models.name"], name=op.f("fk_versions_models")
        ),
        sa.PrimaryKeyConstraint("project", "model", "version", name=op.f("pk_versions")),
    )
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_versions_env"), ["env"], unique=False)

    op.create_table(
        "files",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "model", "version"],
            ["versions.project", "versions.model", "versions.version"],
            name=op.f("fk_files_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "model", "version", "path", name=op.f("pk_files")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_files_sha256"), ["sha256"], unique=False)

    op.create_table(
        "verifications",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("env", sa.String(length=32), nullable=False),
        sa.Column("host", sa.String(length=128), nullable=False),
        sa.Column("scoring_engine", sa.String(length=32), nullable=False),
        sa.Column("checked", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "model", "version"],
            ["versions.project", "versions.model", "versions.version"],
            name=op.f("fk_verifications_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "project",
            "model",
            "version",
            "env",
            "host",
            "scoring_engine",
            name=op.f("pk_verifications"),
        ),
    )
    projects = sa.table(
        "projects", sa.column("key"), sa.column("description"), sa.column("created", Moment)
    )
    op.get_bind().execute(sa.insert(projects).values(key="default", description="", created=now()))


def downgrade() -> None:
    """Go down."""
    op.drop_table("verifications")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_files_sha256"))

    op.drop_table("files")
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_versions_env"))

    op.drop_table("versions")
    op.drop_table("run_chunks")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_identity")

    op.drop_table("runs")
    with op.batch_alter_table("recipes", schema=None) as batch_op:
        batch_op.drop_index("ix_recipes_model")

    op.drop_table("recipes")
    op.drop_table("models")
    op.drop_table("env_requests")
    op.drop_table("env_names")
    op.drop_table("datasets")
    op.drop_table("connections")
    op.drop_table("projects")
    op.drop_table("envs")
