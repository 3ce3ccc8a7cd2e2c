"""Recipes of evaluations, which may have no saved model."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

recipes = sa.table("recipes", sa.column("project"), sa.column("name"), sa.column("body"))


def upgrade() -> None:
    """Let the saved model be left out."""
    _let_model_be_null(nullable=True)


def downgrade() -> None:
    """Remove the recipes of evaluations."""
    db = op.get_bind()
    for row in db.execute(sa.select(recipes)).all():
        mine = (recipes.c.project == row.project) & (recipes.c.name == row.name)
        body = json.loads(row.body)
        if body.pop("kind", "scoring") == "scoring":
            db.execute(sa.update(recipes).where(mine).values(body=json.dumps(body)))
        else:
            db.execute(sa.delete(recipes).where(mine))
    _let_model_be_null(nullable=False)


def _let_model_be_null(*, nullable: bool) -> None:
    with op.batch_alter_table("recipes") as table:
        table.alter_column("model", existing_type=sa.String(length=128), nullable=nullable)
