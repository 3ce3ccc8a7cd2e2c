"""How recipes are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from modelyard.kernel.context import Context
from modelyard.recipes.kinds import told
from modelyard.recipes.repository import ENDS
from modelyard.recipes.types import Recipe
from modelyard.store.bodies import text_in
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import recipes


def find_recipes(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name, saved model, what is read and what is written."""
    of = recipes.c
    query = select(of.project, of.name, of.body)
    ends = (text_in(db, of.body, "command", end) for end in ENDS)
    said = [func.coalesce(of.model, ""), *ends]
    for row in best(db, wanted, query, name=of.name, said=said, project=of.project):
        about = told(Recipe.model_validate_json(row.body).command)
        yield Hit(row.rank, row.name, row.project, about=about)
