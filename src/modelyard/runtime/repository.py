"""Rows of code envs, their names, and the requests that led to them."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, select

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.runtime.types import CodeEnv, Relaxation
from modelyard.store.database import upsert
from modelyard.store.paging import page
from modelyard.store.tables import env_names, env_requests, envs, versions

_RELAXATIONS = TypeAdapter(tuple[Relaxation, ...])


def add_env(db: Connection, env: CodeEnv) -> None:
    """Keep an env; one that is there already stays as it is."""
    body = env.model_copy(update={"name": None}).model_dump_json()
    values = {"id": env.id, "created": env.created, "body": body}
    db.execute(upsert(db, envs, values))


def add_request(db: Connection, key: str, env: CodeEnv) -> None:
    """Remember which env answers a request, and what was relaxed for it."""
    found = {"env": env.id, "body": _RELAXATIONS.dump_json(env.relaxations).decode()}
    db.execute(upsert(db, env_requests, {"request": key, **found}, found))


def give_name(db: Connection, name: str, env: str) -> None:
    """Let a name stand for an env, whatever it stood for before."""
    db.execute(upsert(db, env_names, {"name": name, "env": env}, {"env": env}))


def has_name(db: Connection, name: str) -> bool:
    """Whether a name stands for an env."""
    return db.scalar(select(env_names.c.name).where(env_names.c.name == name)) is not None


def find_by_request(db: Connection, key: str) -> CodeEnv | None:
    """The env that answered a request before, with what was relaxed for that request."""
    query = select(envs.c.body, env_requests.c.body.label("relaxations")).join(env_requests)
    row = db.execute(query.where(env_requests.c.request == key)).one_or_none()
    if row is None:
        return None
    relaxations = _RELAXATIONS.validate_json(row.relaxations)
    return _env(row.body).model_copy(update={"relaxations": relaxations})


def find_env(db: Connection, env: str) -> CodeEnv | None:
    """Look an env up by id."""
    body = db.scalar(select(envs.c.body).where(envs.c.id == env))
    return _env(body) if body else None


def get_env(db: Connection, name: str) -> CodeEnv:
    """Look an env up by name or id; NotFound if there is none."""
    query = select(envs.c.body).join(env_names).where(env_names.c.name == name)
    if body := db.scalar(query):
        return _env(body).model_copy(update={"name": name})
    if env := find_env(db, name):
        return env
    named = [*db.scalars(select(env_names.c.name)), *db.scalars(select(envs.c.id))]
    raise errors.NotFound.among("code env", name, [*named, "local"])


def list_envs(db: Connection, asked: Paged) -> Page[CodeEnv]:
    """The envs, the oldest first."""
    query = select(envs.c.body)
    return page(db, query, [envs.c.created, envs.c.id], asked, lambda row: _env(row.body))


def names_of(db: Connection, env: str) -> tuple[str, ...]:
    """The names of an env."""
    query = select(env_names.c.name).where(env_names.c.env == env).order_by(env_names.c.name)
    return tuple(db.scalars(query))


def users_of(db: Connection, env: str, projects: Collection[str] | None = None) -> tuple[str, ...]:
    """The versions that run in an env: project/model/version; only of some projects, if named."""
    columns = (versions.c.project, versions.c.model, versions.c.version)
    query = select(*columns).where(versions.c.env == env).order_by(*columns)
    if projects is not None:
        query = query.where(versions.c.project.in_(projects))
    return tuple("/".join(row) for row in db.execute(query))


def delete_env(db: Connection, env: str) -> None:
    """Forget an env, its names and its requests."""
    for table, column in ((env_names, "env"), (env_requests, "env"), (envs, "id")):
        db.execute(delete(table).where(table.c[column] == env))


def _env(body: str) -> CodeEnv:
    return CodeEnv.model_validate_json(body)
