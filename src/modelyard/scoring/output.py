"""The output of a run: scored rows and refused rows, which appear only when all is written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from modelyard import errors
from modelyard.data.access import Target
from modelyard.scoring.checkpoint import Scored
from modelyard.scoring.chunks import Chunk
from modelyard.scoring.percentile import Spool
from modelyard.scoring.rejects import RejectsFile
from modelyard.scoring.rows import OutputRows


class Output:
    """Writes what came out of chunks, in order.

    Args:
        open_target: opens the target for a schema, which the first predictions settle.
        rows: joins kept columns and predictions.
        rejects: takes the refused rows.
        spool: where all rows wait until their percentiles can be known; None: no percentiles.
    """

    def __init__(
        self,
        open_target: Callable[[pa.Schema], Target],
        rows: OutputRows,
        rejects: RejectsFile,
        *,
        spool: Path | None,
    ) -> None:
        self._open_target = open_target
        self._rows = rows
        self._rejects = rejects
        self._spool = None if spool is None else Spool(spool)
        self._target: Target | None = None
        self._resources = ExitStack()

    def add(self, chunk: Chunk, scored: Scored) -> None:
        """Write a chunk's rows.

        Raises:
            Failed: they cannot be written, or the predictions are not like those before.
        """
        self._rejects.write(chunk.table, chunk.first, scored.rejects)
        if scored.predictions is not None:
            self._write(self._rows.join(chunk.table, scored.predictions, scored.rejects))

    def settle(self, table: pa.Table, predictions: pa.Table) -> None:
        """Settle the columns where nothing was written, from empty tables of both."""
        if self._target is None:
            self._write(self._rows.join(table, predictions))

    @property
    def is_settled(self) -> bool:
        """Whether the output's columns are known yet."""
        return self._target is not None

    def commit(self) -> None:
        """Make everything appear: first the refused rows, then the output."""
        if self._target is None:
            raise errors.Failed("no output column is known, since no row was scored")
        if self._spool is not None:
            for table in self._spool.ranked():
                self._pass_on(self._target, table)
        self._rejects.commit()
        self._target.commit()

    def _write(self, table: pa.Table) -> None:
        if self._target is None:
            schema = table.schema if self._spool is None else Spool.ranked_schema(table.schema)
            self._target = self._resources.enter_context(self._open_target(schema))
            if self._spool is not None:
                self._resources.enter_context(self._spool.opened(table.schema))
        if self._spool is None:
            self._pass_on(self._target, table)
        else:
            self._spool.add(table)

    @staticmethod
    def _pass_on(target: Target, table: pa.Table) -> None:
        for batch in table.combine_chunks().to_batches():
            target.write(batch)

    def __enter__(self) -> Self:
        self._resources.enter_context(self._rejects)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._resources.__exit__(kind, exc, trace)
