"""Opening the metadata database: SQLite embedded, PostgreSQL to scale."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import QueuePool

from modelyard import errors
from modelyard.kernel.secrets import SECRET_URL, hidden
from modelyard.store.fresh import make_tables
from modelyard.store.letters import LOWER, lower
from modelyard.store.migrations import HEAD, revisions

Begin = Callable[[], AbstractContextManager[Connection]]

READING = "modelyard_reading"
LOCK = 0x6D6F6465  # "mode": one advisory lock key for all of a workspace's rare exclusive work
CLAIMS = LOCK + 1  # another one for claiming jobs, which is quick and often
NOTICING = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""How a PostgreSQL server that is gone without a word is noticed, instead of being waited for."""
TRIES_EVERY = 0.5
"""Seconds between two attempts to reach a database that is away."""


def connect(url: str | URL, *, connections: int = 5, busy: float = 60) -> Engine:
    """Open the database behind a URL and bring its tables up to date.

    `connections` is how many threads use it at the same time, `busy` for how many seconds SQLite
    waits for somebody else's write to end.

    Raises:
        Invalid: the URL is malformed or names a database that is not supported.
        Unavailable: the database does not answer.
        Conflict: the database was made by a newer Modelyard.
    """
    engine = unopened(url, connections=connections, busy=busy)
    _make_private(engine.url)
    try:
        migrate(engine)
    except BaseException as exc:
        engine.dispose()
        if isinstance(exc, OperationalError):
            raise _away(engine, "the database cannot be opened", exc) from exc
        raise
    return engine


def unopened(url: str | URL, *, connections: int = 5, busy: float = 60) -> Engine:
    """The database behind a URL, to which nobody has connected yet.

    Raises:
        Invalid: the URL is malformed or names a database that is not supported.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise errors.Invalid(f"the database {_shown(parsed)} is neither sqlite nor postgresql")
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(
            parsed,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=connections,  # for a thread that needs a second one
            **_options(parsed),
        )
    except (ArgumentError, NoSuchModuleError) as exc:
        raise errors.Invalid(f"the database URL cannot be used: {exc}") from exc
    except ModuleNotFoundError as exc:
        raise errors.Unsupported(
            f"{exc.name} is not installed; PostgreSQL needs: pip install 'modelyard[postgres]'"
        ) from exc
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_prepare_sqlite, busy=busy))
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(url: URL) -> None:
    """Make a new SQLite file one that only its owner reads: it holds what signs sessions."""
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        with suppress(OSError):  # it is there, or SQLite says what is wrong with the place
            os.close(os.open(url.database, os.O_CREAT | os.O_EXCL, 0o600))


def _away(engine: Engine, said: str, exc: DBAPIError) -> errors.Unavailable:
    """The error for anybody; where the database is stands in a note, for this machine only."""
    away = errors.Unavailable(f"{said}; try again later")
    away.add_note(f"{_shown(engine.url)}: {exc.orig}")
    return away


def _shown(url: URL) -> str:
    """A URL without passwords, also where its query holds one."""
    return str(hidden(url.render_as_string(), SECRET_URL))


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {}
    noticing = {name: value for name, value in NOTICING.items() if name not in url.query}
    return {"pool_pre_ping": True, "connect_args": noticing}


def _prepare_sqlite(connection: Any, _record: object, *, busy: float) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={int(busy * 1000)}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function(LOWER, 1, lower, deterministic=True)


def _begin_sqlite(connection: Connection) -> None:
    # Take the write lock at once: a transaction that starts reading and then writes cannot wait.
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine, *, patience: float = 0) -> Iterator[Connection]:
    """Open a transaction; leaving the block commits, an exception rolls back.

    `patience` is for how many seconds it waits for a database that is away.

    Raises:
        Unavailable: the database does not answer, is locked for a minute, or its disk is full.
    """
    try:
        with _reached(engine, patience) as db, db.begin():
            yield db
    except DBAPIError as exc:
        if isinstance(exc, OperationalError) or exc.connection_invalidated:
            raise _away(engine, "the database does not answer", exc) from exc
        raise


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads, and all through it sees what was there at its beginning.

    No writer waits for it.

    Raises:
        Unavailable: the database does not answer.
    """
    options: dict[str, Any] = {READING: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with transaction(engine.execution_options(**options)) as db:
        yield db


@contextmanager
def noted(begin: Begin, note: Callable[[Connection], None]) -> Iterator[Connection]:
    """A transaction in which `note` has the last word: what it writes is there as the rest is."""
    with begin() as db:
        yield db
        note(db)


def _reached(engine: Engine, patience: float) -> Connection:
    deadline = time.monotonic() + patience
    while True:
        try:
            return engine.connect()
        except OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(TRIES_EVERY)


def exclusively(db: Connection, key: int = LOCK) -> None:
    """Let this transaction go alone among those with this key (SQLite has one writer anyway)."""
    if db.dialect.name == "postgresql":
        db.execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})


def upsert(
    db: Connection, table: Table, row: Mapping[str, Any], otherwise: Mapping[str, Any] | None = None
) -> Any:
    """An insert that changes columns of the row with this key instead, if there is one.

    Without `otherwise` that row stays as it is. Both databases say it alike.
    """
    dialect = import_module(f"sqlalchemy.dialects.{db.dialect.name}")  # the other loads slowly
    query = dialect.insert(table).values(dict(row))
    if otherwise is None:
        return query.on_conflict_do_nothing()
    return query.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_=dict(otherwise)
    )


def migrate(engine: Engine, revision: str = HEAD) -> None:
    """Bring the tables to a revision, up or down; safe to call from several processes at once."""
    with engine.begin() as db:
        exclusively(db)
        migrate_within(db, revision)


def migrate_within(db: Connection, revision: str = HEAD) -> None:
    """Bring the tables to a revision, up or down, as part of a transaction."""
    current = current_revision(db)
    if current == revision:
        return
    if current is not None and current > HEAD:
        raise errors.Conflict(
            f"the database is at revision {current}, newer than this Modelyard knows ({HEAD}); "
            "upgrade modelyard"
        )
    if current is None and revision == HEAD:
        make_tables(db)
        return
    from alembic import command  # noqa: PLC0415  only needed when tables change

    config = _steps()
    config.attributes["connection"] = db
    if revision == "base" or (current is not None and revision < current):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def known_revisions() -> set[str]:
    """Every revision that the tables ever had."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  as above

    return {step.revision for step in ScriptDirectory.from_config(_steps()).walk_revisions()}


def _steps() -> Any:
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def current_revision(db: Connection) -> str | None:
    """The revision the tables are at; None for an empty database."""
    if not inspect(db).has_table(revisions.name):
        return None
    return db.scalar(select(revisions.c.version_num))
