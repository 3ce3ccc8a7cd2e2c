"""Workers that hold the same model: each request goes to a free one, and dead ones are replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.faults import invalid
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.isolation import threads_per_worker
from modelyard.runtime.process import Lost, WorkerSpec
from modelyard.runtime.seat import ModelFolder, Reply, Seat
from modelyard.runtime.types import LoadedModel, PredictOptions

__all__ = ["ModelFolder", "Reply", "WorkerPool"]

ATTEMPTS = 2
LOSSES_PER_WORKER = 4
"""After so many losses per worker, with no answer between them, a pool gives up."""


class WorkerPool:
    """Up to `size` worker processes for one model, started when they are first needed.

    Any number of threads may ask; each request waits for a free worker. A request whose worker dies
    is tried once more on a fresh one. Use it as a context manager: leaving ends every worker, and
    requests still under way in other threads fail.

    Args:
        model: what the workers load.
        size: how many workers there may be.
        settings: limits of memory and time.
        log: file that the first worker's output is appended to; the others write beside it.
    """

    def __init__(
        self, model: ModelFolder, *, size: int, settings: RuntimeSettings, log: Path
    ) -> None:
        self._name = model.name
        self._closed = threading.Event()
        self._changed = threading.Condition()
        spec = WorkerSpec(model.python, settings, threads_per_worker(size), {})
        self._seats = [
            Seat(model, spec, log if n == 0 else log.with_stem(f"{log.stem}.{n}"), self._closed)
            for n in range(size)
        ]
        self._free = self._seats[::-1]
        self._losses = 0
        self._last_loss = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pids(self) -> tuple[int, ...]:
        """Every process of every worker, for those who watch them."""
        return tuple(pid for seat in self._seats for pid in seat.pids)

    def load(self) -> LoadedModel:
        """Load the model in a worker, if none has yet, and say what was found.

        Raises:
            Failed, Invalid, Unsupported: it does not load.
        """
        reply = self.call("describe", {})
        try:
            return LoadedModel.model_validate(reply.meta)
        except ValidationError as exc:
            raise errors.Failed(
                f"{self._name} is described in no known way: {invalid(exc)}"
            ) from exc

    def predict(self, table: pa.Table | pa.RecordBatch, options: PredictOptions) -> Reply:
        """Predict the rows of a table.

        Raises:
            Invalid: a column is missing or cannot be cast; the table is too large to send.
            Failed: the model refuses, dies twice, takes too long or too much memory.
            Unsupported: the model has no such output.
        """
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        return self.call("predict", {"options": options.model_dump(mode="json")}, table)

    def call(self, op: str, header: Mapping[str, Any], table: pa.Table | None = None) -> Reply:
        """Ask a worker that has loaded the model to carry out one of its operations.

        Raises:
            Invalid, Failed, Unsupported: as the operation says; Failed too if the worker is lost.
            Unavailable: the pool is closed.
        """
        request = {**header, "op": op}
        with self._free_seat() as seat:
            for attempt in range(ATTEMPTS):
                self._check_open()
                try:
                    reply = seat.ask(request, table)
                except Lost as lost:
                    failure = seat.occasion.lost(lost)
                    self._count_loss(failure)
                    if lost.cause != "died" or attempt + 1 == ATTEMPTS:
                        raise failure from lost
                else:
                    self._losses = 0
                    return reply
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """End every worker; requests under way fail with Unavailable."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
            for seat in self._seats:
                if seat not in self._free:
                    seat.interrupt()
            self._changed.wait_for(lambda: len(self._free) == len(self._seats))
        for seat in self._seats:
            seat.release()
        for seat in self._seats:
            seat.end()

    @contextmanager
    def _free_seat(self) -> Iterator[Seat]:
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._closed.is_set())
            self._check_open()
            seat = self._free.pop()
        try:
            yield seat
        finally:
            with self._changed:
                self._free.append(seat)
                self._changed.notify_all()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise errors.Unavailable(f"the workers of {self._name} were ended")
        if self._losses >= LOSSES_PER_WORKER * len(self._seats):
            raise errors.Failed(
                f"{self._name} is not started again after {self._losses} losses of its worker "
                f"without an answer between them. The last: {self._last_loss}"
            )

    def _count_loss(self, failure: errors.Failed) -> None:
        with self._changed:
            self._losses += 1
            self._last_loss = failure.detail
        if self._closed.is_set():
            raise errors.Unavailable(f"the workers of {self._name} were ended")
