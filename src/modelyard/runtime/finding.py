"""How code envs are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from modelyard.kernel.context import Context
from modelyard.runtime.types import CodeEnv
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import env_names, envs


def find_envs(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By each of their names, and by id."""
    name = func.coalesce(env_names.c.name, envs.c.id)
    query = select(name.label("name"), envs.c.body).outerjoin_from(envs, env_names)
    for row in best(db, wanted, query, name=name, said=[envs.c.id]):
        env = CodeEnv.model_validate_json(row.body)
        about = f"Python {env.python}, {len(env.packages)} packages"
        yield Hit(row.rank, row.name, about=about)
