"""A file being written: a temporary file beside it, locked while its writer lives."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from modelyard import errors
from modelyard.data.files import is_gzip
from modelyard.data.schemas import check_names, conform
from modelyard.data.target import Target
from modelyard.data.types import ReadOptions
from modelyard.data.writers import open_writer
from modelyard.files.access import Room

FULL = {errno.ENOSPC: "no space is left on the disk", errno.EDQUOT: "the disk quota is used up"}


class FileTarget(Target):
    """Writes a file that appears whole, in place of what was there.

    Args:
        name: what was asked for.
        file: the file to write.
        schema: of the rows.
        options: format and, for CSV, how cells are written.
        token: names this writer.
        committed: called when the file has appeared.
        room: what the file may take beside others; None: as much as it wants.

    Raises:
        Blocked: there is no room for it.
        NotFound: its folder is not there.
        Invalid: it may not be written there.
        Conflict: a writer of this token is at work.
        Unsupported: the format cannot hold a column.
    """

    def __init__(
        self,
        name: str,
        file: Path,
        schema: pa.Schema,
        options: ReadOptions,
        *,
        token: str,
        committed: Callable[[], None],
        room: Room | None,
    ) -> None:
        check_names(schema.names, name)
        self.name = name
        self.schema = schema
        self._file = file.resolve()  # a link stays a link
        self._committed = committed
        self._room = room
        self._most = None if room is None else room.left()
        if room is not None and not self._most:
            raise room.refused()
        self._rows = 0
        self._open = True
        self._sink, self._part = _make_part(self._file, token)
        try:
            with self._writing():
                self._writer = open_writer(options, self._sink, schema, zipped=is_gzip(file))
        except BaseException:
            self._discard()
            raise

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows of the target's schema.

        Raises:
            Failed: the disk is full or the file cannot be written; nothing of it stays.
            Blocked: there is no room for it; nothing of it stays.
        """
        fitting = conform(batch, self.schema, first_row=self._rows + 1, where=self.name)
        with self._writing():
            self._writer.write(fitting)
            self._require_room()
        self._rows += batch.num_rows

    def commit(self) -> None:
        """Make the file appear.

        Raises:
            Failed: the disk is full or the file cannot be written; nothing of it stays.
            Blocked: there is no room for it; nothing of it stays.
        """
        with self._writing():
            self._writer.close()
            self._most = None if self._room is None else self._room.left()
            self._require_room()
            self._sink.flush()
            os.fsync(self._sink.fileno())
            with suppress(FileNotFoundError):
                os.fchmod(self._sink.fileno(), self._file.stat().st_mode & 0o7777)
            self._part.replace(self._file)
            self._open = False
            _sync_folder(self._file.parent)
            self._sink.close()
        self._committed()

    def abort(self) -> None:
        """Throw away what was written."""
        if self._open:
            # What the writer still holds is for the file that goes away with it.
            with suppress(OSError, ValueError, pa.ArrowException):
                self._writer.close()
            self._discard()

    def _require_room(self) -> None:
        if self._room is not None and self._most is not None and self._sink.tell() > self._most:
            self.abort()
            raise self._room.refused()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as exc:
            self.abort()
            number = exc.errno if isinstance(exc, OSError) else None
            said = FULL.get(number or 0) or getattr(exc, "strerror", None) or str(exc)
            raise errors.Failed(
                f"{self.name} was not written: {said} (after {self._rows:,} rows); what was there "
                "before is unchanged. Make room or write to another place, and run it again"
            ) from exc

    def _discard(self) -> None:
        self._open = False
        self._part.unlink(missing_ok=True)
        with suppress(OSError):  # closing writes what is buffered, and the disk may be full
            self._sink.close()


def _make_part(file: Path, token: str) -> tuple[BinaryIO, Path]:
    """Open and lock a new temporary file beside `file`, after removing those of dead writers."""
    stem = f".modelyard-{hashlib.sha256(file.name.encode()).hexdigest()[:16]}"
    part = file.with_name(f"{stem}-{token}.part")
    try:
        _sweep(file.parent, stem)
        while True:
            sink = part.open("xb")
            fcntl.flock(sink, fcntl.LOCK_EX)
            if os.fstat(sink.fileno()).st_nlink:  # else swept away before it was locked
                return sink, part
            sink.close()
    except FileExistsError as exc:
        raise errors.Conflict(f"{file} is being written by the same run already") from exc
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise errors.NotFound(
            f"the folder {file.parent} is not there; make it, then write {file.name} to it"
        ) from exc
    except OSError as exc:
        raise errors.Invalid(f"{file} cannot be written: {exc.strerror}") from exc


def _sweep(folder: Path, stem: str) -> None:
    """Remove the temporary files whose writers were killed: nobody holds their locks."""
    for left in folder.glob(f"{stem}-*.part"):
        with suppress(FileNotFoundError, BlockingIOError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
