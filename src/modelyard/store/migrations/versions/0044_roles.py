"""The tables of roles on governed items, and of what items say, for rules to look at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0044"
down_revision = "0042"


def upgrade() -> None:
    """Add them, and write down what items say by now."""
    op.create_table(
        "given_roles",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=128), nullable=False),
        sa.Column("to", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("project", sa.String(length=64), nullable=True),
        sa.Column("template", sa.String(length=128), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(length=64), nullable=True),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=True),
        sa.Column("given", Moment(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_given_roles")),
    )
    values = op.create_table(
        "item_values",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(length=480), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("item", "part", "name", "place", name=op.f("pk_item_values")),
    )
    op.create_index("ix_item_values_text", "item_values", ["part", "name", "text"])
    kept = sa.table("governed_items", *map(sa.column, ("id", "fields", "steps")))
    query = sa.select(kept).where(sa.or_(kept.c.fields != "{}", kept.c.steps != "{}"))
    rows = [row for item in op.get_bind().execute(query) for row in _rows(*item)]
    if rows:
        op.bulk_insert(values, rows)


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_item_values_text", "item_values")
    op.drop_table("item_values")
    op.drop_table("given_roles")


def _rows(item: str, fields: str, steps: str) -> Iterator[dict[str, Any]]:
    said = [("fields", name, value) for name, value in json.loads(fields).items()]
    said += [("steps", *step) for step in json.loads(steps).items() if step[1] != "NOT_STARTED"]
    for part, name, value in said:
        values = value if isinstance(value, list) else [value]
        if any(isinstance(each, dict | list) for each in values):
            values = [None]
        for place, each in enumerate(values[:100]):
            text = "null" if each is None else json.dumps(_plain(each))
            if len(text) > 410:
                text = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
            is_number = isinstance(each, int | float) and not isinstance(each, bool)
            number = float(each) if is_number else None
            row = {"item": item, "part": part, "name": name, "place": place}
            yield {**row, "text": text, "number": number}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
