"""Whether the connections of a project can stand for those that a bundle names."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table

from modelyard import errors
from modelyard.data import databases, repository
from modelyard.data.opening import located
from modelyard.data.types import Connection
from modelyard.deployments.bundling.types import BundledConnection
from modelyard.kernel.context import Context


def require_connections(
    context: Context,
    project: str,
    named: Collection[BundledConnection],
    names: Mapping[str, str],
    written: Collection[str],
) -> None:
    """Refuse what cannot stand for a connection: all of it is told at once.

    Args:
        context: the workspace, and who asks.
        project: key of the project.
        named: the connections that the bundle names.
        names: which connection of the project stands for one of them, if it is called otherwise.
        written: those of the bundle that something writes into.

    Raises:
        Invalid: one is chosen for none that the bundle names.
        Conflict: one is missing, of another kind, cannot be reached, or not be written.
    """
    known = {each.name for each in named}
    if strange := sorted(names.keys() - known):
        listed = ", ".join(sorted(known)) or "none"
        raise errors.Invalid(
            f"the bundle names no connection {strange[0]!r}; it names: {listed}",
            field="connection",
        )
    wrong: dict[str, str] = {}
    for each in named:
        problem = _problem(
            context, project, each, names.get(each.name), written=each.name in written
        )
        if problem is not None:
            wrong[each.name] = problem
    if wrong:
        told = "; ".join(f"{name!r}: {problem}" for name, problem in wrong.items())
        raise errors.Conflict(f"connections do not fit: {told}", connections=wrong)


def _problem(
    context: Context, project: str, named: BundledConnection, chosen: str | None, *, written: bool
) -> str | None:
    """Why a connection of the project does not do; None: it does."""
    name = chosen or named.name
    try:
        with context.read() as db:
            there = repository.find_connection(db, project, name)
    except errors.NotFound as exc:
        used = ", ".join(named.used_by[:5]) or "something"
        return (
            f"{exc.detail}; {used} needs it: create it, or choose another by --connection "
            f"{named.name}=NAME"
        )
    if named.kind is not None and there.kind != named.kind:
        return f"it is of kind {named.kind}, and {name!r} of this project of kind {there.kind}"
    try:
        _try(context, there, written=written)
    except errors.ModelyardError as exc:
        return exc.detail
    return None


def _try(context: Context, connection: Connection, *, written: bool) -> None:
    """Reach the place of a connection, and write there, if something will.

    Raises:
        ModelyardError: it cannot be reached or written.
    """
    if connection.kind == "mlflow":
        return  # an address, which nothing that is active asks
    place = located(context, connection)
    if connection.kind == "folder":
        _try_folder(Path(place), written=written)
    else:
        databases.check(place)
        if written:
            _try_writing(place)


def _try_folder(folder: Path, *, written: bool) -> None:
    if not folder.is_dir():
        raise errors.NotFound(f"there is no folder {folder}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise errors.Forbidden(f"the folder {folder} may not be read here")
    if not written:
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as exc:
        raise errors.Forbidden(
            f"the folder {folder} cannot be written here, and something writes into it: "
            f"{exc.strerror}"
        ) from exc


def _try_writing(url: str) -> None:
    """Make a table and take it away again."""
    engine = databases.open_database(url)
    table = Table(f"modelyard_{uuid.uuid4().hex[:12]}", MetaData(), Column("tried", Integer))
    try:
        with databases.connected(engine) as db, closing(db.begin()):
            table.create(db)  # with the end of the block, it never was
    except errors.Failed as exc:
        raise errors.Forbidden(f"{exc.detail}; something writes into it") from exc
    finally:
        engine.dispose()
