"""The pages of connections: those of a project, one with the datasets in it."""

from __future__ import annotations

from collections.abc import Collection

from modelyard import errors
from modelyard.data.commands import (
    CreateConnection,
    DeleteConnection,
    ListConnections,
    ListDatasets,
    ShowConnection,
)
from modelyard.data.types import Connection, Dataset
from modelyard.models.browsing.commands import ListExperiments
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/projects/{project}/connections"
ONE = "/projects/{project}/connections/{connection}"
PART = 50
MOST = 100


class ConnectionsView(ListView):
    """A part of a project's connections."""

    project: str
    connections: tuple[Connection, ...]
    may_write: bool


class ConnectionView(View):
    """One connection, and the datasets in it."""

    connection: Connection
    datasets: tuple[Dataset, ...]
    next: str | None
    may_write: bool


def href(project: str, connection: str) -> str:
    """The address of a connection."""
    return address(ONE, project=project, connection=connection)


def connections(visit: Visit) -> ConnectionsView:
    """A part of the list."""
    key = visit.path["project"]
    after = visit.asked("after") or None
    found = visit.part(ListConnections(project=key, limit=PART, after=after))
    return ConnectionsView(
        title="Connections",
        crumbs=(project_crumb(key),),
        project=key,
        connections=tuple(found),
        **place_in_list(found),
        may_write=visit.may("data:write"),
    )


def connection(visit: Visit) -> ConnectionView:
    """Look it up, with its datasets."""
    key, name = visit.path["project"], visit.path["connection"]
    shown = visit.run(ShowConnection(project=key, name=name))
    after = visit.asked("after") or None
    inside = visit.part(ListDatasets(project=key, connection=name, limit=MOST, after=after))
    return ConnectionView(
        title=name,
        crumbs=_crumbs(key),
        connection=shown,
        datasets=tuple(inside),
        next=inside.next,
        may_write=visit.may("data:write"),
    )


def _crumbs(project: str, name: str = "") -> tuple[Crumb, ...]:
    above = (
        project_crumb(project),
        Crumb(label="Connections", href=address(ALL, project=project)),
    )
    return (*above, Crumb(label=name, href=href(project, name))) if name else above


def _check(visit: Visit, command: CreateConnection, agreed: Collection[str]) -> None:
    """Raise what an MLflow server answers, as a database is asked before it is kept."""
    visit.yard.check(command)
    server = command.mlflow
    if server is None or server in agreed:
        return
    try:
        visit.run(ListExperiments(project=command.project, tracking_uri=server, limit=1))
    except errors.ModelyardError as exc:
        meaning = "Nothing can be imported from it before it answers"
        exc.context |= {"field": "mlflow", "agree": (server, meaning, "Keep it all the same")}
        raise


def _deleted(visit: Visit) -> Draft:
    key, name = visit.path["project"], visit.path["connection"]
    seen = visit.run(ShowConnection(project=key, name=name))
    return Draft(crumbs=_crumbs(key, name), title=f"Delete {name}", seen=seen)


PAGES: tuple[Page | Form, ...] = (
    Page(ALL, connections, "connections.html", Nav("Connections", "plug")),
    Form(
        "/projects/{project}/new-connection",
        CreateConnection,
        "New connection",
        "Create connection",
        lambda _visit, made: href(made.project, made.name),
        intro="A connection names a database or a folder for datasets to refer to, or an MLflow "
        "server to import from. Give one of them.",
        said=lambda made: f"{made.name} is created.",
        fields=("name", "database", "path", "mlflow", "replace"),
        words={
            "name": Words(placeholder="warehouse", mono=True),
            "database": Words(
                label="Database",
                help="SQLAlchemy URL, such as postgresql://ada:${DB_PASSWORD}@db.example.org/sales;"
                " ${NAME} stands for an environment variable of the server, read at each use",
            ),
            "path": Words(label="Folder", help="Of CSV, Parquet or JSON lines", mono=True),
            "mlflow": Words(label="MLflow server"),
            "replace": Words(label="Replace a connection of this name", help="", later=True),
        },
        prepare=lambda visit: Draft(crumbs=_crumbs(visit.path["project"])),
        check=_check,
    ),
    Page(ONE, connection, "connection.html"),
    Form(
        f"{ONE}/delete",
        DeleteConnection,
        "Delete connection",
        "Delete connection",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="The data stays where it is.",
        said="The connection is deleted; its data stays.",
        fields=("force",),
        words={"force": Words(label="Delete it even if datasets or recipes use it", help="")},
        taken={"name": "connection"},
        prepare=_deleted,
        dangerous=True,
    ),
)
