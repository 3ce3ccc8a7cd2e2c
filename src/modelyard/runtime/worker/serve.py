"""The request loop of a worker: load a model or function once, then answer until nobody asks."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import traceback
from importlib import import_module
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pyarrow as pa

from . import protocol
from .client import Client
from .limits import keep_unwritten
from .problems import KINDS, Problem

LONGEST_MESSAGE = 2000

Answer = Tuple[Optional[pa.Table], List[Dict[str, Any]], Dict[str, Any]]
"""A table or None, the rows that were refused, and facts."""


def serve(connection: socket.socket) -> None:
    """Answer requests, one at a time, until the other side closes the connection.

    A request is `{"op": ..., ...}`. The answer is `{"rejects": ..., "meta": ...}` with a table, or
    `{"problem": {"kind", "detail", "context"}}`; `{"progress": ...}` may come before it, and, where
    a function or a hook is called, `{"asks": ...}`, which itself is answered before anything else
    is sent.
    """
    worker = Worker(connection)
    while True:
        try:
            request, table = protocol.receive(connection)
            header, answered = _answer(worker, request, table)
            _send(connection, header, answered)
        except (EOFError, ConnectionError):
            return
        del table, answered  # frees their memory while waiting for the next request


class Worker:
    """What can be asked of a worker, by the name of the operation."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._model: Any = None

    def answer(self, request: Dict[str, Any], table: Optional[pa.Table]) -> Answer:
        """Carry out one request.

        Raises:
            Problem: there is no such operation, or what the operation itself refuses.
        """
        operations: Dict[str, Callable[[Dict[str, Any], Optional[pa.Table]], Answer]] = {
            "load": self._load,
            "describe": self._describe,
            "predict": self._predict,
            "call": self._call,
            "weigh": self._weigh,
            "task": self._task,
        }
        operation = operations.get(request.get("op", ""))
        if operation is None:
            raise Problem("unsupported", f"a worker has no operation {request.get('op')!r}")
        return operation(request, table)

    def _load(self, request: Dict[str, Any], table: Optional[pa.Table]) -> Answer:
        options = request["options"]
        keep_unwritten(options["folder"])
        with _no_garbage_collection():
            kind = options.get("loads", "model")
            self._model = import_module("." + kind, __package__).load(options)
        return self._describe(request, table)

    def _describe(self, request: Dict[str, Any], table: Optional[pa.Table]) -> Answer:
        return None, [], self._loaded().describe()

    def _predict(self, request: Dict[str, Any], table: Optional[pa.Table]) -> Answer:
        answered, rejects, meta = self._loaded().predict(table, request["options"])
        if answered is not None and not isinstance(answered, pa.Table):
            raise TypeError(f"predictions are an Arrow table, not {type(answered).__name__}")
        return answered, rejects, meta

    def _call(self, request: Dict[str, Any], table: Optional[pa.Table]) -> Answer:
        function, client = self._loaded(), None
        if request.get("client"):
            client = Client(self._ask)
        try:
            return None, [], function.call(request["arguments"], request["headers"], client)
        finally:
            if client is not None:
                client.close()

    def _ask(self, question: Dict[str, Any]) -> Dict[str, Any]:
        """Ask whoever called this worker, which waits for nothing else meanwhile."""
        protocol.send(self._connection, {"asks": question})
        header, _ = protocol.receive(self._connection)
        return header

    def _weigh(self, request: Dict[str, Any], table: Optional[pa.Table]) -> Answer:
        return None, [], self._loaded().weights(request["options"])

    def _task(self, request: Dict[str, Any], table: Optional[pa.Table]) -> Answer:
        task = import_module(".tasks." + request["task"], __package__)
        more = (self._ask,) if getattr(task, "ASKS", False) else ()
        return None, [], task.run(request["arguments"], self._progress, *more)

    def _loaded(self) -> Any:
        if self._model is None:
            raise Problem("failed", "this worker has loaded no model yet")
        return self._model

    def _progress(
        self, message: str, *, fraction: Optional[float] = None, rows: Optional[int] = None
    ) -> None:
        progress = {"message": message, "fraction": fraction, "rows": rows}
        protocol.send(self._connection, {"progress": progress})


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Look for no garbage while modules and a model are loaded, nor among them afterwards.

    They make a million objects that stay: passing through them again and again takes a tenth of the
    time of loading, and later makes single requests slow.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _answer(worker: Worker, request: Dict[str, Any], table: Optional[pa.Table]) -> protocol.Message:
    try:
        answered, rejects, meta = worker.answer(request, table)
    except BaseException as exc:  # noqa: BLE001  a model may raise anything, SystemExit too
        return {"problem": _describe(exc)}, None
    return {"rejects": rejects, "meta": meta}, answered


def _send(connection: socket.socket, header: Dict[str, Any], table: Optional[pa.Table]) -> None:
    """Send an answer, or the reason why it cannot be sent."""
    try:
        protocol.send(connection, header, table)
    except protocol.TooLarge as exc:
        problem = Problem("failed", f"the answer is too large to send: {exc}; send fewer rows")
        protocol.send(connection, {"problem": _describe(problem)})
    except (TypeError, ValueError, MemoryError, pa.ArrowException) as exc:
        protocol.send(connection, {"problem": _describe(exc)})


def _describe(exc: BaseException) -> Dict[str, Any]:
    """Put an exception into words that travel; the traceback of a surprise goes to the log."""
    if isinstance(exc, Problem) and exc.kind in KINDS:
        kind, detail, context = exc.kind, exc.detail, exc.context
    else:
        _log("".join(traceback.format_exception(type(exc), exc, exc.__traceback__)))
        said = "".join(traceback.format_exception_only(type(exc), exc)).strip()
        kind, detail, context = "failed", said[:LONGEST_MESSAGE], {"raised": type(exc).__name__}
    if _out_of_memory(exc):
        context = {**context, "out_of_memory": True}
    plain = json.loads(json.dumps(context, default=str, skipkeys=True))
    return {"kind": kind, "detail": detail, "context": plain}


def _log(text: str) -> None:
    with contextlib.suppress(OSError):  # a model may have closed its standard error
        os.write(2, text.encode(errors="replace"))


def _out_of_memory(exc: Optional[BaseException]) -> bool:
    seen = set()
    while exc is not None and id(exc) not in seen:
        if isinstance(exc, MemoryError):
            return True
        seen.add(id(exc))
        exc = exc.__cause__ or exc.__context__
    return False
