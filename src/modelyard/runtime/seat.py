"""One place in a pool: a worker that has loaded the model, or none until there is a request."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from modelyard import errors
from modelyard.runtime.failures import Occasion
from modelyard.runtime.process import Lost, WorkerProcess, WorkerSpec
from modelyard.runtime.types import Reject
from modelyard.runtime.worker import protocol


@dataclass(frozen=True)
class ModelFolder:
    """A model that can be loaded: its env's interpreter, its folder, how to load it."""

    python: Path
    folder: Path
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the worker's `model.load` is given beside the folder."""
    name: str = "the model"
    """What messages call it."""


@dataclass(frozen=True)
class Reply:
    """What a worker answered: a table where there is one, the rows refused, and facts."""

    table: pa.Table | None
    rejects: tuple[Reject, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)


class Seat:
    """The place of one worker; one thread at a time may ask.

    Args:
        model: what the worker loads.
        spec: how it is started.
        log: file that whatever it prints is appended to.
        closed: set when no worker is to be started any more.
    """

    def __init__(
        self, model: ModelFolder, spec: WorkerSpec, log: Path, closed: threading.Event
    ) -> None:
        self._model = model
        self._spec = spec
        self._log = log
        self._closed = closed
        self._worker: WorkerProcess | None = None
        self.occasion = self._occasion("loading", "load_timeout")

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker and every process it started."""
        return () if self._worker is None else self._worker.pids

    def ask(self, request: Mapping[str, Any], table: pa.Table | None) -> Reply:
        """Ask the worker, after starting it and loading the model if need be.

        Raises:
            Lost: the worker is gone; `occasion` tells what it was at.
            Invalid, Failed, Unsupported: the model's own answer.
        """
        worker = self._worker
        if worker is None or worker.ended:
            worker = self.start()
        rows = None if table is None else table.num_rows
        doing = f"asked to {request['op']}" if rows is None else f"predicting {rows:,} rows"
        self.occasion = self._occasion(doing, "predict_timeout")
        return self._answer(worker, request, table, self._spec.settings.predict_timeout)

    def read(self, answer: protocol.Message) -> Reply:
        """Read what a worker answered.

        Raises:
            Lost: it is no answer; the worker is to be ended.
            Invalid, Failed, Unsupported: the model's own answer.
        """
        header, table = answer
        try:
            if "problem" not in header:
                rejects = tuple(Reject.model_validate(reject) for reject in header["rejects"])
                return Reply(table, rejects, dict(header["meta"]))
            error = self.occasion.problem(header["problem"])
        except (KeyError, TypeError, ValueError) as exc:
            raise Lost("garbled", f"broke the protocol of workers ({exc!r})") from exc
        raise error

    def interrupt(self) -> None:
        """Make the request that is under way fail; may be called from any thread."""
        if self._worker is not None:
            self._worker.interrupt()

    def release(self) -> None:
        """Tell the worker that no more requests come."""
        if self._worker is not None:
            self._worker.release()

    def end(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.end()

    def start(self) -> WorkerProcess:
        """Start a worker and load the model.

        Raises:
            Lost: the worker is gone.
            Invalid, Failed, Unsupported: the model does not load.
        """
        self.occasion = self._occasion("loading", "load_timeout")
        if not self._model.folder.is_dir():
            raise errors.Failed(
                f"the files of {self._model.name} are gone from {self._model.folder}; run it "
                "again, and they are written there anew"
            )
        worker = self._worker = WorkerProcess(self._spec, self._log)
        if self._closed.is_set():  # just too late for whoever closed the pool to see this worker
            worker.interrupt()
        options = {**self._model.options, "folder": str(self._model.folder.absolute())}
        try:
            request = {"op": "load", "options": options}
            self._answer(worker, request, None, self._spec.settings.load_timeout)
        except errors.ModelyardError:
            worker.end(at_once=True)
            raise
        return worker

    def _answer(
        self,
        worker: WorkerProcess,
        request: Mapping[str, Any],
        table: pa.Table | None,
        timeout: float,
    ) -> Reply:
        try:
            answer = worker.request(request, table, timeout=timeout)
        except (protocol.TooLarge, pa.ArrowException) as exc:
            raise errors.Invalid(f"the rows cannot be sent to a worker: {exc}") from exc
        try:
            return self.read(answer)
        except Lost:
            worker.end(at_once=True)
            raise

    def _occasion(self, doing: str, setting: str) -> Occasion:
        more_time = f"raise the setting runtime.{setting}"
        return Occasion(self._model.name, doing, more_time, self._log, self._spec.settings)
