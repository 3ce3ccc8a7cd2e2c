"""Asking a database from an event loop: few at a time, and nobody waits longer than a time.

A database that hangs holds a thread until its driver gives up, never a query.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, QueuePool, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneFree

from modelyard import errors
from modelyard.kernel.database_urls import engine_of, parse
from modelyard.serving.databases.types import REASON, KeptConnection

T = TypeVar("T")

WAITING = 64
"""Questions that may wait for each connection."""
RECYCLED = 1800
"""Seconds after which a connection is made anew."""
RETRY_AFTER = 1.0
SQLITE_AWAY = tuple(
    f"SQLITE_{name}" for name in ("BUSY", "LOCKED", "CANTOPEN", "IOERR", "PROTOCOL")
)


class Database:
    """One database, asked by threads of its own."""

    def __init__(self, kept: KeptConnection) -> None:
        self.kept = kept
        self._threads = ThreadPoolExecutor(kept.pool, f"database-{kept.name}")
        self._engine: Engine | None = None
        self._opening = threading.Lock()
        self._under_way = 0

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Have something done with a connection.

        Raises:
            Unavailable: the database does not answer in time, or too much waits for it.
            Failed: it refuses what is asked.
        """
        kept = self.kept
        if self._under_way >= kept.pool * WAITING:
            raise self.away("too many queries wait for it")
        loop = asyncio.get_running_loop()
        if self._engine is None:  # importing a driver takes longer than a query may
            await loop.run_in_executor(self._threads, self._open)
        self._under_way += 1
        until = time.monotonic() + kept.timeout
        done = self._threads.submit(self.ask, work, until)
        done.add_done_callback(lambda _: _tell(loop, self._over))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(done), kept.timeout)
        except TimeoutError:
            raise self.away(f"it took longer than {kept.timeout:g} seconds") from None

    def ask(self, work: Callable[[Connection], T], until: float) -> T:
        """The same in this thread, unless nobody waits for it any more."""
        if time.monotonic() > until:
            raise self.away("too many queries wait for it")
        try:
            return self._once_more(work)
        except (NoneFree, OSError) as exc:
            raise self.away(_said(exc)) from exc
        except DBAPIError as exc:
            if exc.connection_invalidated or _is_away(exc):
                raise self.away(_said(exc.orig or exc)) from exc
            raise errors.Failed(
                f"the database of connection {self.kept.name!r} refused: {_said(exc.orig or exc)}"
            ) from exc
        except SQLAlchemyError as exc:
            raise errors.Failed(
                f"the database of connection {self.kept.name!r} cannot be used: {_said(exc)}"
            ) from exc

    def close(self) -> None:
        """Let go of its connections; what is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._engine is not None:
            self._engine.dispose()

    def away(self, why: str) -> errors.Unavailable:
        """That it does not answer."""
        return errors.Unavailable(
            f"the database of connection {self.kept.name!r} does not answer: {why}",
            reason=REASON,
            retry_after=RETRY_AFTER,
        )

    def _once_more(self, work: Callable[[Connection], T]) -> T:
        """Work with a connection; with a new one where an old one was cut meanwhile."""
        engine = self._open()
        _require_file(engine)
        try:
            with engine.connect() as db:
                return work(db)
        except DBAPIError as exc:
            if not exc.connection_invalidated:
                raise
        with engine.connect() as db:
            return work(db)

    def _open(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = opened(self.kept)
        return self._engine

    def _over(self) -> None:
        self._under_way -= 1


def opened(kept: KeptConnection) -> Engine:
    """An engine that only reads, and gives up in time.

    Raises:
        Invalid: the URL is wrong, or a variable that it asks for is not set.
        Unsupported: the database's driver is not installed.
    """
    backend = parse(kept.database).get_backend_name() if "://" in kept.database else ""
    seconds = math.ceil(kept.timeout)
    given: dict[str, Any] = {}
    if backend == "postgresql":
        given = {
            "connect_timeout": max(2, seconds),  # libpq takes no less
            "tcp_user_timeout": 1000 * seconds,
            "keepalives_idle": 10,
            "keepalives_interval": 2,
            "keepalives_count": 3,
        }
    elif backend == "sqlite":
        given = {"timeout": kept.timeout, "check_same_thread": False}
    engine = engine_of(
        kept.database,
        connect_args=given,
        poolclass=QueuePool,
        pool_size=kept.pool,
        max_overflow=0,
        pool_timeout=kept.timeout,
        pool_recycle=RECYCLED,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",  # one statement at a time, and none changes anything
    )
    event.listen(engine, "connect", partial(_limit, engine.dialect.name, kept))
    return engine


def _limit(dialect: str, kept: KeptConnection, connection: Any, _record: object) -> None:
    """Have a new connection change nothing, and give up in time."""
    if dialect == "postgresql":
        connection.autocommit = True
        wanted = [
            "set default_transaction_read_only = on",
            f"set statement_timeout = {round(1000 * kept.timeout)}",
        ]
    else:
        wanted = ["pragma query_only = on"] if dialect == "sqlite" else []
    cursor = connection.cursor()
    for statement in wanted:
        cursor.execute(statement)
    cursor.close()


def _require_file(engine: Engine) -> None:
    """Connecting to an SQLite file that is not there would make an empty one."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and not (file and Path(file).is_file()):
        raise FileNotFoundError(f"there is no SQLite file {file}")


def _is_away(exc: DBAPIError) -> bool:
    """Whether a database does not answer, where it has not cut the connection."""
    named = getattr(exc.orig, "sqlite_errorname", "")
    return isinstance(exc, OperationalError) and (not named or named.startswith(SQLITE_AWAY))


def _said(exc: BaseException) -> str:
    return str(exc).strip().partition("\n")[0] or type(exc).__name__


def _tell(loop: asyncio.AbstractEventLoop, over: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(over)
