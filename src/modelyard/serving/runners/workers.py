"""Models and functions that run in worker processes, a pool of them for each endpoint."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from modelyard import errors
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.process import WorkerSpec
from modelyard.runtime.seat import ModelFolder, Reply
from modelyard.serving.asking import PoolStatus
from modelyard.serving.packages.types import PoolSettings
from modelyard.serving.pool import Pool
from modelyard.serving.rows import Cells, Kind, RowReader, plain_values
from modelyard.serving.runners.runner import Predicted, Refused, Wish
from modelyard.serving.runners.seated import Exchange, SeatedWorker

THREADS = 1
"""Threads that numeric libraries may use in a worker: for single rows more of them are slower."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the workers of an endpoint may use, and where they print to."""

    settings: RuntimeSettings
    logs: Path


class _Rows(NamedTuple):
    """Key of queries whose rows may share a call."""

    wish: Wish
    kind: Kind


class _Alone:
    """Key of a query that shares no call; every one is another."""

    __slots__ = ("header",)

    def __init__(self, header: bytes) -> None:
        self.header = header


class PooledModel:
    """A runner whose model is in worker processes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @classmethod
    async def open(
        cls,
        model: ModelFolder,
        reader: RowReader,
        pool: PoolSettings,
        limits: Limits,
        first: tuple[Wish, pa.Table] | None = None,
    ) -> PooledModel:
        """Start its workers; `first` is what each predicts before it answers anybody.

        Raises:
            Failed, Invalid, Unsupported: the model does not load.
        """
        asked = [] if first is None else [(_Alone(first[0].header), first[1])]
        return cls(await open_pool(model, _Predictions(reader), pool, limits, asked))

    async def predict(self, wish: Wish, kind: Kind, rows: Sequence[Cells]) -> Predicted:
        """See `modelyard.serving.runners.Runner`."""
        done = await self._pool.ask(_Rows(wish, kind), rows, len(rows))
        columns, answers = done.value
        return Predicted(columns, answers, done.waited, done.ran, done.batch)

    async def predict_table(self, wish: Wish, table: pa.Table) -> pa.Table:
        """See `modelyard.serving.runners.Runner`."""
        done = await self._pool.ask(_Alone(wish.header), table, table.num_rows)
        return done.value

    def status(self) -> PoolStatus:
        """How its pool is doing."""
        return self._pool.status()

    async def close(self) -> None:
        """End its workers."""
        await self._pool.close()


async def open_pool(
    model: ModelFolder,
    exchange: Exchange,
    settings: PoolSettings,
    limits: Limits,
    first: Sequence[tuple[Hashable, Any]] = (),
) -> Pool:
    """Start the workers of one endpoint; each is asked `first` before it answers anybody.

    Raises:
        Failed, Invalid, Unsupported: what they load does not load.
    """
    spec = WorkerSpec(model.python, limits.settings, THREADS, {})
    started = iter(range(1 << 62))

    async def start(died_idle: Callable[[], None]) -> SeatedWorker:
        log = limits.logs / f"{model.name.replace(' ', '-')}.{next(started) % settings.ceil}.log"
        worker = await SeatedWorker.start(model, spec, log, exchange, died_idle)
        await worker.warm_up(first, limits.settings.load_timeout)
        return worker

    pool = Pool(model.name, settings, start)
    await pool.open()
    return pool


class _Predictions:
    """Rows in one table, and predictions row by row."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader

    def request(self, key: Hashable, payloads: Sequence[Any]) -> tuple[bytes, pa.Table]:
        if isinstance(key, _Alone):
            return key.header, payloads[0]
        assert isinstance(key, _Rows)  # noqa: S101  there are no others
        rows = payloads[0] if len(payloads) == 1 else list(chain.from_iterable(payloads))
        return key.wish.header, self._reader.table(key.kind, rows)

    def asker(self, payloads: Sequence[Any]) -> None:
        """Models ask nothing."""

    def answers(self, payloads: Sequence[Any], reply: Reply) -> Sequence[Any]:
        if isinstance(payloads[0], pa.Table):
            return [_whole(reply)]
        sizes = [len(payload) for payload in payloads]
        columns, rows = _by_row(reply, sum(sizes))
        ends = list(_ends(sizes))
        return [(columns, rows[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _ends(sizes: Sequence[int]) -> list[int]:
    ends, end = [], 0
    for size in sizes:
        end += size
        ends.append(end)
    return ends


def _whole(reply: Reply) -> pa.Table:
    if reply.table is None:
        raise errors.Failed("the model answered no rows, and with no columns")
    return reply.table


def _by_row(reply: Reply, size: int) -> tuple[tuple[str, ...], list[tuple[Any, ...] | Refused]]:
    """The columns, and for each row that was sent its values or why there are none."""
    columns: tuple[str, ...] = ()
    answered: list[tuple[Any, ...]] = []
    if reply.table is not None:
        columns = tuple(reply.table.column_names)
        cells = [plain_values(column) for column in reply.table.columns]
        answered = list(zip(*cells, strict=True))
    if len(answered) + len(reply.rejects) != size:
        raise ValueError(f"{len(answered)} of {size} rows were answered")
    if not reply.rejects:
        return columns, list(answered)
    refused = {reject.row: Refused(reject.reason) for reject in reply.rejects}
    rest = iter(answered)
    return columns, [refused[at] if at in refused else next(rest) for at in range(size)]
