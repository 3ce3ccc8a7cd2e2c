"""How the databases of a node are administered."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from pathlib import Path

from sqlalchemy import Connection, inspect

from modelyard import errors
from modelyard.kernel.bus import handles
from modelyard.kernel.database_urls import PLACEHOLDER, parse, shown
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.databases import commands
from modelyard.serving.databases.asking import Database
from modelyard.serving.databases.book import ConnectionBook
from modelyard.serving.databases.looking import problem_of
from modelyard.serving.databases.remapping import remap, users
from modelyard.serving.databases.types import (
    KeptConnection,
    NodeConnection,
    RemappedConnections,
    TriedConnection,
)
from modelyard.serving.folder import NodeFolder

MOST_TABLES = 100


@handles(commands.SetConnection)
def set_(command: commands.SetConnection, context: NodeContext) -> NodeConnection:
    """Nothing is connected to: the variables may be those of the node's processes alone."""
    folder = context.folder
    kept = KeptConnection(
        name=command.name,
        database=_settled(command.database, context),
        pool=command.pool,
        timeout=command.timeout,
    )
    with folder.changing_connections(context.progress):
        ConnectionBook(folder.connections).keep(kept)
    return _told(kept, _users(folder).get(kept.name, []))


@handles(commands.ListConnections)
def list_(_command: commands.ListConnections, context: NodeContext) -> list[NodeConnection]:
    """Without passwords."""
    by_name = _users(context.folder)
    every = ConnectionBook(context.folder.connections).all()
    return [_told(kept, by_name.get(kept.name, [])) for kept in every]


@handles(commands.TestConnection)
def test(command: commands.TestConnection, context: NodeContext) -> TriedConnection:
    """Once, with the variables that are here."""
    kept = ConnectionBook(context.folder.connections).get(command.name)
    began = time.perf_counter()
    database = Database(kept)
    try:
        tables = database.ask(_tables, math.inf)
    finally:
        database.close()
    return TriedConnection(
        name=kept.name,
        database=shown(kept.database),
        tables=tuple(tables[:MOST_TABLES]),
        ms=round(1000 * (time.perf_counter() - began), 1),
    )


@handles(commands.UseConnections)
def use(command: commands.UseConnections, context: NodeContext) -> RemappedConnections:
    """Keep it, then look at the tables."""
    service, generation = command.service, command.generation
    found = remap(context, service, generation, command.connections)
    manifest = context.folder.manifest(service, generation)
    return RemappedConnections(
        service=service,
        generation=generation,
        connections=found,
        problem=problem_of(context.folder, manifest, found),
    )


@handles(commands.DeleteConnection)
def delete(command: commands.DeleteConnection, context: NodeContext) -> None:
    """Refuse what a generation reads by."""
    folder = context.folder
    with folder.changing_connections(context.progress):
        book = ConnectionBook(folder.connections)
        book.get(command.name)
        if needed := _users(folder).get(command.name):
            raise errors.Conflict(
                f"{', '.join(needed[:5])} read tables by the connection {command.name!r}; remove "
                "them, or have them use another one, first"
            )
        book.remove(command.name)


def _tables(db: Connection) -> list[str]:
    return inspect(db).get_table_names()


def _users(folder: NodeFolder) -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for name, generation in users(folder):
        found[name].append(generation)
    return found


def _settled(url: str, context: NodeContext) -> str:
    """The URL as it is kept: the path of an SQLite file means the same to every process.

    Raises:
        Invalid: it is no database URL.
        Forbidden: whoever comes over HTTP names files or variables of the node's machine.
    """
    if PLACEHOLDER.search(url) and not context.who.is_local:
        raise errors.Forbidden("over HTTP a connection names no environment variables of the node")
    if PLACEHOLDER.fullmatch(url):
        return url
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        return url
    if not context.who.is_local:
        raise errors.Forbidden("over HTTP a connection names no files of the node")
    file = parsed.database
    if not file or file == ":memory:" or file.startswith("file:"):
        raise errors.Invalid(f"{url} names no SQLite file; write sqlite:////path/to/file.db")
    settled = str(Path(file).expanduser().absolute())
    return parsed.set(database=settled).render_as_string(hide_password=False)


def _told(kept: KeptConnection, used_by: list[str]) -> NodeConnection:
    return NodeConnection(
        name=kept.name,
        database=shown(kept.database),
        pool=kept.pool,
        timeout=kept.timeout,
        used_by=tuple(used_by),
    )
