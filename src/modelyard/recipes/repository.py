"""Rows of recipes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.recipes.types import FORMERLY, Recipe, RecipeKind
from modelyard.store.bodies import text_in
from modelyard.store.paging import page
from modelyard.store.tables import recipes

ENDS = ("input", "output", "dataset", "metrics_output", "reference")
"""Fields of settings that name what is read or written."""


def add(db: Connection, recipe: Recipe) -> None:
    """Insert a recipe; Conflict if its name is taken."""
    try:
        db.execute(insert(recipes).values(project=recipe.project, name=recipe.name, **_row(recipe)))
    except IntegrityError as exc:
        raise _taken(recipe.name) from exc


def require_new(db: Connection, project: str, name: str) -> None:
    """Conflict if a recipe has this name."""
    if db.scalar(_named(project, name)) is not None:
        raise _taken(name)


def _taken(name: str) -> errors.Conflict:
    return errors.Conflict(
        f"there is a recipe {name!r} already; delete it first, or take another name"
    )


def _row(recipe: Recipe) -> dict[str, Any]:
    return {"model": getattr(recipe.command, "model", None), "body": recipe.model_dump_json()}


def _named(project: str, name: str) -> Select[Any]:
    return select(recipes.c.body).where(recipes.c.project == project, recipes.c.name == name)


def find(db: Connection, project: str, name: str, *, lock: bool = False) -> Recipe | None:
    """Look a recipe up, held until the transaction ends with `lock`; None if there is none."""
    query = _named(project, name)
    body = db.scalar(query.with_for_update() if lock else query)
    return None if body is None else Recipe.model_validate_json(body)


def get(db: Connection, project: str, name: str, *, lock: bool = False) -> Recipe:
    """The same; NotFound if there is none."""
    found = find(db, project, name, lock=lock)
    if found is None:
        names = select(recipes.c.name).where(recipes.c.project == project).order_by(recipes.c.name)
        known = ", ".join(db.scalars(names)) or "none yet"
        raise errors.NotFound(f"there is no recipe {name!r} in {project!r}; there are: {known}")
    return found


def save(db: Connection, recipe: Recipe) -> None:
    """Write down what a recipe does now."""
    db.execute(
        update(recipes)
        .where(recipes.c.project == recipe.project, recipes.c.name == recipe.name)
        .values(_row(recipe))
    )


def every(
    db: Connection,
    project: str,
    asked: Paged,
    *,
    model: str | None,
    dataset: str | None,
    kinds: Collection[RecipeKind],
) -> Page[Recipe]:
    """The recipes of a project that fit, by name."""
    query = select(recipes.c.body).where(recipes.c.project == project)
    if model is not None:
        query = query.where(recipes.c.model == model)
    if dataset is not None:
        ends = (text_in(db, recipes.c.body, "command", end) for end in ENDS)
        query = query.where(literal(dataset).in_(ends))
    if kinds:
        stored = [old for old, kind in FORMERLY.items() if kind in kinds]
        unsaid = [""] if "scoring" in kinds else []
        known = text_in(db, recipes.c.body, "kind")
        query = query.where(known.in_([*kinds, *stored, *unsaid]))
    return page(
        db, query, [recipes.c.name], asked, lambda row: Recipe.model_validate_json(row.body)
    )


def remove(db: Connection, project: str, name: str | None = None) -> None:
    """Delete a recipe, or all of a project."""
    mine = recipes.c.project == project
    if name is not None:
        mine &= recipes.c.name == name
    db.execute(delete(recipes).where(mine))
