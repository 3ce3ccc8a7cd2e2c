"""Rows of connections and datasets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, delete, func, insert, select
from sqlalchemy import Connection as Database

from modelyard import errors
from modelyard.data.schemas import near
from modelyard.data.types import Connection, Dataset, DatasetOrder, TextLayout
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import Value
from modelyard.store.bodies import number_in, text_in
from modelyard.store.database import exclusively
from modelyard.store.paging import page
from modelyard.store.tables import connections, datasets

T = TypeVar("T")


class Known(Value):
    """A dataset as it was last seen, with what was learned about its text files."""

    dataset: Dataset
    layout: TextLayout | None = None


def save_connection(db: Database, connection: Connection) -> None:
    """Store a connection, in place of the one of its name."""
    _put(db, connections, connection.project, connection.name, body=connection.model_dump_json())


def find_connection(db: Database, project: str, name: str) -> Connection:
    """Look a connection up, its location as it was given; NotFound names near ones."""
    body = _get(db, connections, project, name)
    if body is None:
        raise errors.NotFound(
            f"there is no connection {name!r} in project {project}"
            f"{near(name, _names(db, connections, project))}"
        )
    return Connection.model_validate_json(body)


def has_connection(db: Database, project: str, name: str) -> bool:
    """Say whether there is a connection of this name."""
    return _get(db, connections, project, name) is not None


def list_connections(db: Database, project: str, asked: Paged) -> Page[Connection]:
    """The connections of a project, by name."""
    return _page(db, connections, project, asked, Connection.model_validate_json)


def remove_connection(db: Database, project: str, name: str) -> None:
    """Forget a connection; NotFound if there is none."""
    find_connection(db, project, name)
    _remove(db, connections, project, name)


def save_dataset(db: Database, known: Known) -> None:
    """Store a dataset, in place of the one of its name."""
    found = known.dataset
    _put(
        db,
        datasets,
        found.project,
        found.name,
        connection=found.connection,
        body=known.model_dump_json(),
    )


def find_dataset(db: Database, project: str, name: str) -> Known | None:
    """Look a dataset up."""
    if not name.isprintable():  # a path; no dataset is named so, and not every database holds it
        return None
    body = _get(db, datasets, project, name)
    return None if body is None else Known.model_validate_json(body)


def list_datasets(
    db: Database,
    project: str,
    asked: Paged,
    *,
    search: str,
    connection: str | None,
    sort: DatasetOrder,
) -> Page[Dataset]:
    """The datasets of a project whose names hold a text, in an order."""
    query = select(datasets.c.body).where(
        datasets.c.project == project,
        func.lower(datasets.c.name).contains(search.lower(), autoescape=True),
    )
    if connection is not None:
        query = query.where(datasets.c.connection == connection)
    key = sort.removeprefix("-")
    by: list[ColumnElement[Any]] = [datasets.c.name]
    if key == "created":
        by.insert(0, text_in(db, datasets.c.body, "dataset", key))
    elif key != "name":
        by.insert(0, number_in(db, datasets.c.body, "dataset", key))
    return page(
        db,
        query,
        by,
        asked,
        lambda row: Known.model_validate_json(row.body).dataset,
        descending=sort.startswith("-"),
        counted=True,
    )


def remove_dataset(db: Database, project: str, name: str) -> None:
    """Forget a dataset; NotFound if there is none."""
    if _get(db, datasets, project, name) is None:
        raise errors.NotFound(
            f"there is no dataset {name!r} in project {project}"
            f"{near(name, dataset_names(db, project))}"
        )
    _remove(db, datasets, project, name)


def remove_all(db: Database, project: str) -> None:
    """Forget every connection and dataset of a project."""
    for rows in (datasets, connections):
        db.execute(delete(rows).where(rows.c.project == project))


def dataset_names(db: Database, project: str) -> list[str]:
    """The names of all datasets of a project."""
    return _names(db, datasets, project)


def _get(db: Database, rows: Table, project: str, name: str) -> str | None:
    found: str | None = db.scalar(
        select(rows.c.body).where(rows.c.project == project, rows.c.name == name)
    )
    return found


def _page(
    db: Database, rows: Table, project: str, asked: Paged, build: Callable[[str], T]
) -> Page[T]:
    query = select(rows.c.body).where(rows.c.project == project)
    return page(db, query, [rows.c.name], asked, lambda row: build(row.body), counted=True)


def _names(db: Database, rows: Table, project: str) -> list[str]:
    return list(
        db.scalars(select(rows.c.name).where(rows.c.project == project).order_by(rows.c.name))
    )


def _put(db: Database, rows: Table, project: str, name: str, **values: Any) -> None:
    exclusively(db)  # else two that put the same name at once would both insert
    _remove(db, rows, project, name)
    db.execute(insert(rows).values(project=project, name=name, **values))


def _remove(db: Database, rows: Table, project: str, name: str) -> None:
    db.execute(delete(rows).where(rows.c.project == project, rows.c.name == name))
