"""A tar archive read from front to back, in bounded memory."""

from __future__ import annotations

import tarfile
from typing import Any, BinaryIO

LARGEST_READ = 16 * 2**20
STEP = 256 * 1024


class _Forward:
    """What `tarfile` needs of a file: reading on, and skipping ahead.

    `tarfile` reads headers of any length that the archive claims into memory; here it cannot.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0

    def read(self, size: int) -> bytes:
        """Read on."""
        if size > LARGEST_READ:
            raise tarfile.ReadError("it claims a header of absurd length")
        parts = []
        while size > 0 and (data := self._file.read(size)):
            parts.append(data)
            size -= len(data)
        found = b"".join(parts)
        self._position += len(found)
        return found

    def tell(self) -> int:
        """How much was read."""
        return self._position

    def seek(self, position: int) -> None:
        """Skip ahead."""
        if position < self._position:
            raise tarfile.StreamError("a tar stream cannot go back")
        while self._position < position and self.read(min(STEP, position - self._position)):
            pass


def open_tar(file: BinaryIO) -> tarfile.TarFile:
    """Read a tar archive whose members are taken in order.

    Raises:
        tarfile.TarError: it is no tar archive.
    """
    stream: Any = _Forward(file)
    return tarfile.TarFile(fileobj=stream, mode="r")
