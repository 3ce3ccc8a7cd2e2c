"""The query log of a node: takes what is told of queries at once, and writes it in a thread."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from modelyard.serving.querylog.events import QueryEvent
from modelyard.serving.querylog.files import LogFiles
from modelyard.serving.querylog.lines import Lines
from modelyard.serving.querylog.settings import QueryLogSettings

log = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds after which what waits is written."""
SOON = 1 << 20
"""Bytes that are written before that."""
FEW = 16
"""Rows of a query whose lines are made where it is answered; those of larger ones by the writer.

Made there, a line costs microseconds; made in a thread, it costs the others the interpreter's lock.
"""
AT_ONCE = 32
"""Rows after which the writer lets the others go on."""
ROW_BYTES = 100
CELL_BYTES = 30
SECRET_BYTES = 32

Family = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Waiting:
    family: Family
    told: bytes | QueryEvent
    size: int


class QueryLog:
    """Writes queries as JSON lines below `folder`, in files of SERVICE/ENDPOINT/.

    `record` never waits: what does not fit into the buffer, or onto the disk, is lost, counted in
    `lost`, and told once until it goes well again. What was taken is written within a second, and
    all of it by `close`. Several processes can write below one folder; `sharing` says how many do.
    """

    def __init__(
        self, folder: Path, settings: QueryLogSettings, *, secret: bytes = b"", sharing: int = 1
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._sharing = sharing
        self._lines = Lines(settings, secret)
        self._most = int(settings.buffer_megabytes * 1e6)
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._overflown = 0
        self._unwritten = 0
        self._lost_before = 0
        self._lost_at_first = 0
        self._losing = False
        self._why = ""
        self._files: dict[Family, LogFiles] = {}
        self._bell = threading.Event()
        self._closing = not settings.enabled
        self._thread = threading.Thread(target=self._run, name="query log", daemon=True)
        if settings.enabled:
            self._thread.start()

    @property
    def lost(self) -> int:
        """Lines that were lost since the start."""
        return self._overflown + self._unwritten

    @property
    def waiting(self) -> int:
        """Bytes that wait to be written."""
        return self._size

    def record(self, event: QueryEvent) -> None:
        """Take what is told of a query."""
        if self._closing:
            return
        rows = event.row_count
        told: bytes | QueryEvent = event
        if rows <= FEW:
            told = b"".join(self._lines_of(event))
        size = len(told) if isinstance(told, bytes) else _guess(event, rows)
        with self._lock:
            if self._size and self._size + size > self._most:
                self._overflown += max(rows, 1)
                return
            self._waiting.append(_Waiting((event.service, event.endpoint), told, size))
            self._size += size
        if self._size > SOON:
            self._bell.set()

    def close(self) -> None:
        """Write all that waits, and take no more."""
        self._closing = True
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()
        for files in self._files.values():
            files.close()

    def _run(self) -> None:
        while not self._closing:
            self._bell.wait(EVERY)
            self._bell.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        with self._lock:
            taken, self._waiting = self._waiting, deque()
        lines: dict[Family, list[bytes]] = {}
        size = 0
        for each in taken:
            lines.setdefault(each.family, []).extend(self._lines_of(each.told))
            size += each.size
            if size > SOON:
                self._append(lines, size)
                lines, size = {}, 0
        self._append(lines, size)
        if taken or not self._losing:
            self._tell_losses()

    def _lines_of(self, told: bytes | QueryEvent) -> Iterator[bytes]:
        if isinstance(told, bytes):
            yield told
            return
        try:
            for place, line in enumerate(self._lines.write(told), 1):
                yield line
                if place % AT_ONCE == 0:
                    time.sleep(0)
        except Exception:  # whatever is in one query, it is answered, and the others are written
            log.exception("query %s cannot be written as JSON", told.request_id)
            self._unwritten += 1
            self._why = f"query {told.request_id} cannot be written as JSON"

    def _append(self, lines: dict[Family, list[bytes]], size: int) -> None:
        for family, mine in lines.items():
            lost, why = self._of(family).append(mine)
            self._unwritten += lost
            self._why = str(why or self._why)
        with self._lock:
            self._size -= size

    def _tell_losses(self) -> None:
        """Say once that lines are lost, and once that they no longer are."""
        lost = self.lost
        if lost > self._lost_before and not self._losing:
            why = self._why or "they come faster than they are written"
            log.error("the query log loses queries: %s (modelyard_log_lost_total counts them)", why)
            self._losing, self._lost_at_first = True, self._lost_before
        elif lost == self._lost_before and self._losing:
            lines = lost - self._lost_at_first
            log.warning("the query log loses nothing any more; it lost %d lines", lines)
            self._losing, self._why = False, ""
        self._lost_before = lost

    def _of(self, family: Family) -> LogFiles:
        if family not in self._files:
            settings = self._settings
            self._files[family] = LogFiles(
                self._folder.joinpath(*family),
                size=int(settings.megabytes * 1e6),
                hours=settings.hours,
                kept=settings.kept * self._sharing,
            )
        return self._files[family]


def _guess(event: QueryEvent, rows: int) -> int:
    """About how many bytes the rows of a query take."""
    first = event.rows[0] if isinstance(event.rows, Sequence) else event.rows.num_columns
    return rows * (ROW_BYTES + CELL_BYTES * (first if isinstance(first, int) else len(first)))


def node_secret(file: Path) -> bytes:
    """The secret that a node's values are hashed with; made when it is asked for first.

    Raises:
        OSError: it can be neither read nor written.
    """
    if not file.exists():
        beside = file.with_name(f"{file.name}.{os.getpid()}")
        made = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(made, "wb") as out:
            out.write(secrets.token_bytes(SECRET_BYTES))
        with suppress(FileExistsError):  # another process was first
            file.hardlink_to(beside)
        beside.unlink()
    return file.read_bytes()
