"""How a worker hears that something changed: PostgreSQL tells it, on SQLite it looks."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from typing import Any, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from modelyard.jobs.repository import BELL

LISTENS_AGAIN_EVERY = 1.0


class Bell(Protocol):
    """Rings when the database may hold something new."""

    def rang(self) -> bool:
        """Whether it rang since it was last asked."""
        ...

    def descriptor(self) -> int | None:
        """What to wait for, where there is such a thing."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


def bell_of(engine: Engine) -> Bell:
    """The bell of a database."""
    return Listening(engine) if engine.dialect.name == "postgresql" else Looking(engine)


class Looking:
    """SQLite counts the changes that other connections made to the file."""

    def __init__(self, engine: Engine) -> None:
        self._raw = _apart(engine)
        self._seen = -1

    def rang(self) -> bool:
        """Whether somebody changed something since it was last asked."""
        try:
            found = self._raw.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:  # busy: it is being recovered
            return True
        seen, self._seen = self._seen, found
        return bool(seen != found)

    def descriptor(self) -> int | None:
        """There is none."""
        return None

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()


class Listening:
    """PostgreSQL notifies who listens; while the connection is lost it rings every second."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._raw: Any = None
        self._tried = float("-inf")

    def rang(self) -> bool:
        """Whether it was notified, or may have missed that."""
        if self._raw is None:
            return self._listen()
        heard = None
        with self._noticing_loss():
            heard = list(self._raw.notifies(timeout=0))
        return heard is None or bool(heard)

    def descriptor(self) -> int | None:
        """Its socket."""
        if self._raw is None:
            return None
        descriptor: int | None = None
        with self._noticing_loss():
            descriptor = self._raw.fileno()
        return descriptor  # noqa: RET504  what was noticed is no reason to have none

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._raw is not None:
            raw, self._raw = self._raw, None
            with contextlib.suppress(DBAPIError, self._engine.dialect.loaded_dbapi.Error):
                raw.close()

    def _listen(self) -> bool:
        if time.monotonic() - self._tried < LISTENS_AGAIN_EVERY:
            return False
        self._tried = time.monotonic()
        with self._noticing_loss():
            self._raw = _apart(self._engine)
            self._raw.autocommit = True
            self._raw.execute(f"listen {BELL}")
        return True

    @contextlib.contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, self._engine.dialect.loaded_dbapi.Error):
            self.close()


def _apart(engine: Engine) -> Any:
    """A connection of the driver's that no pool knows of."""
    taken = engine.raw_connection()
    connection = taken.driver_connection
    taken.detach()
    return connection
