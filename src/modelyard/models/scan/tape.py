"""A file read once, from front to back, in pieces of bounded size."""

from __future__ import annotations

from typing import BinaryIO

from modelyard.models.scan.limits import KIB, Budget

CHUNK = 256 * KIB
LONGEST_LINE = 64 * KIB


class Ended(Exception):
    """The file ends in the middle of something."""


class Tape:
    """Reads what a format's reader asks for, and never more than it can hold.

    `position` counts the bytes that were taken so far.
    """

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file = file
        self._budget = budget
        self._buffer = b""
        self._at = 0
        self.position = 0

    def _fill(self) -> bool:
        self._budget.check_time()
        more = self._file.read(CHUNK)
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return bool(more)

    def peek(self, size: int) -> bytes:
        """The next bytes without taking them; fewer than `size` only at the end."""
        while len(self._buffer) - self._at < size and self._fill():
            pass
        return self._buffer[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes, which has to be small.

        Raises:
            Ended: there are not so many.
        """
        if self._at + size > len(self._buffer) and len(self.peek(size)) < size:
            raise Ended
        start = self._at
        self._at += size
        self.position += size
        return self._buffer[start : self._at]

    def skip(self, size: int) -> None:
        """Read over any number of bytes.

        Raises:
            Ended: there are not so many.
        """
        left = size
        while left > 0:
            step = len(self.peek(min(left, CHUNK)))
            if not step:
                raise Ended
            self.take(step)
            left -= step

    def line(self) -> bytes | None:
        """Up to and without the next newline, or the end of the file; None if too long to keep.

        Raises:
            Ended: nothing is left.
        """
        kept = True
        while True:
            end = self._buffer.find(b"\n", self._at)
            if end >= 0:
                text = self.take(end + 1 - self._at)[:-1]
                return text if kept and len(text) <= LONGEST_LINE else None
            length = len(self._buffer) - self._at
            if length > LONGEST_LINE:
                self.take(length)
                kept = False
            if not self._fill():
                left = self.take(len(self._buffer) - self._at)
                if not left and kept:
                    raise Ended
                return left if kept else None

    def at_end(self) -> bool:
        """Whether everything was taken."""
        return not self.peek(1)
