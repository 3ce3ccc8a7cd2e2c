"""Databases of connections: whose they may be, opening, and foreign errors put in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, event, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from modelyard import errors
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.database_urls import PLACEHOLDER, engine_of, parse, shown
from modelyard.kernel.values import FILES

REMOTE_DRIVERS = {
    "sqlite": (),
    "postgresql": ("host", "port", "sslmode", "connect_timeout", "application_name"),
}
"""Where a remote caller's connections may go, with the options of the URL that it may set."""


def settle(context: Context, url: str) -> str:
    """The URL as it is kept: the path of an SQLite file means the same to everybody.

    Raises:
        Invalid: it is no database URL, or a database in memory.
        Forbidden: this caller may not connect to that.
    """
    if not context.identity.is_local:
        _check_remote(context, url)
    if PLACEHOLDER.fullmatch(url):
        return url
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        return url
    file = parsed.database
    if not file or file == ":memory:" or file.startswith("file:"):
        raise errors.Invalid(f"{url} names no SQLite file; write sqlite:////path/to/file.db")
    if PLACEHOLDER.match(file):
        return url
    settled = paths.settle(context, file)
    return parsed.set(database=settled).render_as_string(hide_password=False)


def located(context: Context, project: str, settled: str) -> str:
    """The URL as it is opened on this machine.

    Raises:
        Forbidden: a link leads out of the project's files.
    """
    if PLACEHOLDER.fullmatch(settled):
        return settled
    parsed = parse(settled)
    file = parsed.database or ""
    if parsed.get_backend_name() != "sqlite" or not file.startswith(FILES):
        return settled
    place = paths.locate(context, project, file)
    return parsed.set(database=str(place)).render_as_string(hide_password=False)


def check_variables(context: Context, url: str) -> None:
    """Keep a remote caller from the server's environment; Forbidden says what may be used."""
    if context.identity.is_local:
        return
    hidden = set(PLACEHOLDER.findall(url)) - set(context.settings.server.variables)
    if hidden:
        raise errors.Forbidden(
            f"the environment variables {', '.join(sorted(hidden))} of the server may not be used; "
            "whoever runs it can allow them by the setting server.variables"
        )


def _check_remote(context: Context, url: str) -> None:
    """Keep a remote caller from the server's environment and files."""
    check_variables(context, url)
    if PLACEHOLDER.fullmatch(url):
        return
    parsed = parse(url)
    if parsed.drivername not in REMOTE_DRIVERS:
        raise errors.Forbidden(
            f"over HTTP a connection goes to {' or '.join(REMOTE_DRIVERS)}, not to "
            f"{parsed.drivername}; whoever runs the server can make it by the command line there"
        )
    hosts = (parsed.host or "", *parsed.normalized_query.get("host", ()))
    sockets = [host for given in hosts for host in given.split(",")]
    unsafe = sorted(set(parsed.query) - set(REMOTE_DRIVERS[parsed.drivername]))
    if unsafe or any(socket.startswith(("/", "@")) for socket in sockets):
        raise errors.Forbidden(
            f"over HTTP the URL of a connection names no files or sockets of the server and none of"
            f" its own options ({', '.join(unsafe) or parsed.host}); allowed are: "
            f"{', '.join(REMOTE_DRIVERS[parsed.drivername]) or 'none'}"
        )


def open_database(url: str) -> Engine:
    """Make an engine, without connecting; errors as in `engine_of`."""
    engine = engine_of(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    return engine


def _leave_transactions_to_us(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.set_authorizer(_only_this_file)


def _only_this_file(action: int, *_: str | None) -> int:
    """Let no statement reach another file of this machine (ATTACH, VACUUM INTO)."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _begin(db: Connection) -> None:
    db.exec_driver_sql("BEGIN")


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """Connect, and put the errors of the database into words.

    Raises:
        Unavailable: it does not answer.
        Failed: it refuses what is asked.
    """
    place = f"the database {shown(engine.url.render_as_string(hide_password=False))}"
    try:
        db = engine.connect()
    except DBAPIError as exc:
        raise errors.Unavailable(
            f"{place} does not answer ({_reason(exc)}); see whether it runs, and whether its host, "
            "port, name and user are right"
        ) from exc
    try:
        with db:
            yield db
    except DBAPIError as exc:
        if exc.connection_invalidated:
            raise errors.Unavailable(f"{place} went away: {_said(exc)}") from exc
        raise errors.Failed(f"{place} refused: {_said(exc)}") from exc
    except engine.dialect.loaded_dbapi.Error as exc:  # where the driver is used directly
        raise errors.Failed(f"{place} refused: {' '.join(str(exc).split())}") from exc
    except SQLAlchemyError as exc:
        raise errors.Failed(f"{place} cannot be used: {' '.join(str(exc).split())}") from exc


def _reason(exc: DBAPIError) -> str:
    """What a driver says of a connection that did not come about, without what it guesses."""
    first = str(exc.orig).strip().partition("\n")[0]
    return first.rpartition("failed: ")[2] or _said(exc)


def _said(exc: DBAPIError) -> str:
    return " ".join(str(exc.orig).split())


def check(url: str) -> None:
    """Connect once.

    Raises:
        Invalid: the URL is wrong.
        NotFound: the folder of an SQLite file is not there.
        Unavailable: the database does not answer.
        Unsupported: its driver is not installed.
    """
    engine = open_database(url)
    if _is_missing_file(engine):  # it is made when a table is first written
        folder = Path(str(engine.url.database)).parent
        if not folder.is_dir():
            raise errors.NotFound(f"there is no folder {folder} for an SQLite file; make it first")
        return
    with connected(engine) as db:
        inspect(db).get_table_names()


def require_file(engine: Engine) -> None:
    """Refuse to read an SQLite file that is not there; connecting would make an empty one.

    Raises:
        NotFound: it is not there.
    """
    if _is_missing_file(engine):
        raise errors.NotFound(f"there is no SQLite file {engine.url.database}")


def _is_missing_file(engine: Engine) -> bool:
    file = engine.url.database
    return engine.dialect.name == "sqlite" and file is not None and not Path(file).exists()
