"""The files of one endpoint's log: when one is followed by the next, and which ones stay."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

ENDING = ".jsonl"
BEGAN = "%Y%m%dT%H%M%S.%fZ"
PORTION = 256 * 1024
"""Bytes that are written at once, or lost at once."""
TAIL = 1 << 20


class LogFiles:
    """Appends lines to the newest file of a folder, of which only one process writes to each.

    A file is named by when it began and by the process that began it, and keeps its name. One that
    a process left before it was full is taken up by the next.
    """

    def __init__(self, folder: Path, *, size: int, hours: float, kept: int) -> None:
        self._folder = folder
        self._most = size
        self._seconds = hours * 3600
        self._kept = kept
        self._file = -1
        self._size = 0
        self._began = 0.0

    def append(self, lines: Sequence[bytes]) -> tuple[int, OSError | None]:
        """Write pieces of whole lines; give how many lines are lost, and why.

        Of a line all is written or nothing.
        """
        lost, why = 0, None
        for portion in _portions(lines, min(PORTION, self._most)):
            data = b"".join(portion)
            try:
                self._write(data)
            except OSError as exc:
                lost, why = lost + data.count(b"\n"), exc
        return lost, why

    def close(self) -> None:
        """Leave the file to whoever comes next."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, data: bytes) -> None:
        self._make_ready(len(data))
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)

    def _make_ready(self, more: int) -> None:
        if self._file >= 0:
            full = self._size > 0 and self._size + more > self._most
            old = time.time() - self._began > self._seconds
            if full or old or os.fstat(self._file).st_nlink == 0:
                self.close()
        if self._file < 0 and not self._take_up(more):
            self._begin()

    def _take_up(self, more: int) -> bool:
        """Go on in the newest file if nobody else writes to it and there is room."""
        known = self._known()
        if not known or time.time() - known[-1][0] > self._seconds:
            return False
        began, path = known[-1]
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            size = _cut_torn_line(file)
            if size + more > self._most:
                os.close(file)
                return False
        except OSError:
            os.close(file)
            return False
        self._file, self._size, self._began = file, size, began
        return True

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = datetime.now(UTC)
        path = self._folder / f"{now.strftime(BEGAN)}-{os.getpid()}{ENDING}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._size, self._began = 0, now.timestamp()
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for _, old in self._known()[: -self._kept]:
            old.unlink(missing_ok=True)

    def _known(self) -> list[tuple[float, Path]]:
        """Its files with when they began, the newest last."""
        found = []
        with suppress(FileNotFoundError):
            for path in self._folder.glob(f"*{ENDING}"):
                with suppress(ValueError):
                    began = datetime.fromisoformat(path.name.rpartition("-")[0])
                    found.append((began.timestamp(), path))
        return sorted(found)


def _portions(lines: Sequence[bytes], most: int) -> Iterator[list[bytes]]:
    portion: list[bytes] = []
    size = 0
    for line in lines:
        if portion and size + len(line) > most:
            yield portion
            portion, size = [], 0
        portion.append(line)
        size += len(line)
    if portion:
        yield portion


def _cut_torn_line(file: int) -> int:
    """Cut off what follows the last end of a line: whoever wrote it was killed. Give the size."""
    size = os.fstat(file).st_size
    whole = size
    while whole:
        start = max(whole - TAIL, 0)
        end = os.pread(file, whole - start, start).rfind(b"\n") + 1
        whole = start + end
        if end:
            break
    if whole < size:
        os.ftruncate(file, whole)
    return whole
