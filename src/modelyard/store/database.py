"""Opening the metadata database: SQLite embedded, PostgreSQL to scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
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
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import QueuePool

from modelyard import errors
from modelyard.store.migrations import HEAD

READING = "modelyard_reading"
LOCK = 0x6D6F6465  # "mode": one advisory lock key for all of a workspace's rare exclusive work


def connect(url: str, *, connections: int = 5) -> Engine:
    """Open the database behind a URL and bring its tables up to date.

    `connections` is how many threads use it at the same time.

    Raises:
        Invalid: the URL is malformed or names a database that is not supported.
        Unavailable: the database does not answer.
        Conflict: the database was made by a newer Modelyard.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise errors.Invalid(
                f"the database {parsed.render_as_string()} is neither sqlite nor postgresql"
            )
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(
            parsed,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=connections,  # for a thread that needs a second one
            pool_pre_ping=parsed.get_backend_name() == "postgresql",
        )
    except (ArgumentError, NoSuchModuleError) as exc:
        raise errors.Invalid(f"the database URL cannot be used: {exc}") from exc
    except ModuleNotFoundError as exc:
        raise errors.Unsupported(
            f"{exc.name} is not installed; PostgreSQL needs: pip install 'modelyard[postgres]'"
        ) from exc
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        migrate(engine)
    except OperationalError as exc:
        name = engine.url.render_as_string()
        raise errors.Unavailable(f"the database {name} cannot be opened: {exc.orig}") from exc
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=60000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # Take the write lock at once: a transaction that starts reading and then writes cannot wait.
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction; leaving the block commits, an exception rolls back.

    Raises:
        Unavailable: the database does not answer, is locked for a minute, or its disk is full.
    """
    try:
        with engine.begin() as db:
            yield db
    except DBAPIError as exc:
        if isinstance(exc, OperationalError) or exc.connection_invalidated:
            name = engine.url.render_as_string()
            raise errors.Unavailable(f"the database {name} does not answer: {exc.orig}") from exc
        raise


def exclusively(db: Connection) -> None:
    """Let this transaction go alone among those that ask so (SQLite has one writer anyway)."""
    if db.dialect.name == "postgresql":
        db.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})


def upsert(
    db: Connection, table: Table, row: Mapping[str, Any], otherwise: Mapping[str, Any] | None = None
) -> Any:
    """An insert that changes columns of the row with this key instead, if there is one.

    Without `otherwise` that row stays as it is. Both databases say it alike.
    """
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[db.dialect.name]
    query = insert(table).values(dict(row))
    if otherwise is None:
        return query.on_conflict_do_nothing()
    return query.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_=dict(otherwise)
    )


def migrate(engine: Engine, revision: str = HEAD) -> None:
    """Bring the tables to a revision, up or down; safe to call from several processes at once."""
    with engine.begin() as db:
        exclusively(db)
        current = current_revision(db)
        if current == revision:
            return
        if current is not None and current > HEAD:
            raise errors.Conflict(
                f"the database is at revision {current}, newer than this Modelyard knows ({HEAD}); "
                "upgrade modelyard"
            )
        from alembic import command  # noqa: PLC0415  only needed when tables change
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["connection"] = db
        if revision == "base" or (current is not None and revision < current):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def current_revision(db: Connection) -> str | None:
    """The revision the tables are at; None for an empty database."""
    if not inspect(db).has_table("alembic_version"):
        return None
    found: str | None = db.scalar(select(text("version_num")).select_from(text("alembic_version")))
    return found
