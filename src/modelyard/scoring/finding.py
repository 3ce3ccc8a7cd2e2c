"""How recipes are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.scoring.types import Recipe
from modelyard.store.bodies import text_in
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import recipes


def find_recipes(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name, saved model, input and output."""
    of = recipes.c
    query = select(of.project, of.name, of.body)
    said = [of.model, *(text_in(db, of.body, "command", end) for end in ("input", "output"))]
    for row in best(db, wanted, query, name=of.name, said=said, project=of.project):
        how = Recipe.model_validate_json(row.body).command
        about = f"{how.input} with {how.model}, into {how.output}"
        yield Hit(row.rank, row.name, row.project, about=about)
