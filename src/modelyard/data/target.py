"""What can be written: a table that appears only when it is whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import pyarrow as pa


class Target(ABC):
    """A table being written; what was there before stays until `commit`.

    As a context manager, leaving the block without `commit` is an `abort`.
    """

    name: str
    """What was asked for: a dataset's name or a path."""
    schema: pa.Schema

    @abstractmethod
    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows of the target's schema.

        Raises:
            Failed: the disk is full, or the database refuses.
        """

    @abstractmethod
    def commit(self) -> None:
        """Make everything written appear, in place of what was there, in one step."""

    @abstractmethod
    def abort(self) -> None:
        """Throw away everything written; after `commit` this does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()
