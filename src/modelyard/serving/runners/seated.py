"""A worker process that is asked from an event loop, without a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.process import Lost, WorkerProcess, WorkerSpec
from modelyard.runtime.seat import ModelFolder, Reply, Seat
from modelyard.runtime.worker import protocol

LOG = logging.getLogger("modelyard.node")
SMALL = 1 << 16
"""Bytes of a message that is sent in one piece."""
THREADS = ThreadPoolExecutor(32, "modelyard-workers")
"""Where workers are started, measured and ended, which blocks."""

Asker = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""Answers a question that a worker asks while it is asked itself."""


class Exchange(Protocol):
    """How queries become a request to a worker, and its reply their answers."""

    def request(self, key: Hashable, payloads: Sequence[Any]) -> tuple[bytes, pa.Table | None]:
        """The header, as it travels, and the table of one request for some queries."""
        ...

    def answers(self, payloads: Sequence[Any], reply: Reply) -> Sequence[Any]:
        """The answer to each query; ValueError if the reply does not fit them."""
        ...

    def asker(self, payloads: Sequence[Any]) -> Asker | None:
        """What answers questions that come before the reply; None: there may be none."""
        ...


class SeatedWorker:
    """A worker of a pool: a process that has loaded what it is asked for."""

    def __init__(
        self, seat: Seat, process: WorkerProcess, exchange: Exchange, memory_limit: int
    ) -> None:
        self.memory_limit = memory_limit
        self._seat = seat
        self._process = process
        self._exchange = exchange
        self._loop = asyncio.get_running_loop()
        self._incoming = protocol.Incoming(check=True)
        self._answer: asyncio.Future[protocol.Message] | None = None
        self._why: Lost | None = None
        self._asker: Asker | None = None
        self._question: asyncio.Task[None] | None = None
        self._died_idle: Callable[[], None] = lambda: None

    @classmethod
    async def start(
        cls,
        model: ModelFolder,
        spec: WorkerSpec,
        log: Path,
        exchange: Exchange,
        died_idle: Callable[[], None],
    ) -> SeatedWorker:
        """Start a process and load the model.

        Raises:
            Failed, Invalid, Unsupported: it does not load.
            Unavailable: the system starts no more processes.
        """
        closed = threading.Event()
        seat = Seat(model, spec, log, closed)
        loop = asyncio.get_running_loop()
        starting = loop.run_in_executor(THREADS, seat.start)
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            closed.set()
            seat.interrupt()
            await asyncio.wait([starting])
            starting.exception()  # that it was lost is our own doing
            await loop.run_in_executor(THREADS, seat.end)
            raise
        except Lost as lost:
            raise seat.occasion.lost(lost) from lost
        # from now on messages are for whoever asks, who need not know where logs are
        seat.occasion = replace(seat.occasion, doing="answering", log=None)
        worker = cls(seat, process, exchange, spec.settings.memory_limit_mb << 20)
        worker._died_idle = died_idle
        loop.add_reader(process.connection, worker._read)
        return worker

    async def warm_up(self, asked: Sequence[tuple[Hashable, Any]], seconds: float) -> None:
        """Ask what nobody waits for; what a model loads with its first call is there afterwards.

        That it refuses is an answer, too.

        Raises:
            Failed: the worker is lost over it, or takes longer than that; it is ended.
        """
        overdue = Lost("overdue", f"did not answer within {seconds:g} s")
        watch = self._loop.call_later(seconds, self.stop, overdue)
        try:
            for key, payload in asked:
                with contextlib.suppress(errors.ModelyardError):
                    await self.ask(key, [payload])
        except Lost as lost:
            await self.end()
            raise self._seat.occasion.lost(lost) from lost
        except BaseException:
            await self.end()
            raise
        finally:
            watch.cancel()

    async def ask(self, key: Hashable, payloads: Sequence[Any]) -> Sequence[Any]:
        """See `modelyard.serving.pool.worker.Worker`."""
        header, table = self._exchange.request(key, payloads)
        try:
            parts = protocol.encode(header, table)
        except (protocol.TooLarge, pa.ArrowException) as exc:
            raise errors.Invalid(f"the rows cannot be sent to a worker: {exc}") from exc
        self._asker = self._exchange.asker(payloads)
        try:
            reply = self._seat.read(await self._exchanged(parts))
        except errors.Failed as error:
            if not error.context.get("out_of_memory"):
                raise
            raise Lost("memory", "ran out of memory") from error
        return self._exchange.answers(payloads, reply)

    def memory(self) -> int:
        """Bytes that the process and all it started use."""
        return self._process.memory()

    def stop(self, lost: Lost) -> None:
        """Make the call that is under way fail, and end at once."""
        self._why = lost
        self._process.interrupt()

    async def end(self) -> None:
        """End the process and all it started."""
        self._unwatch()
        await self._loop.run_in_executor(THREADS, self._seat.end)

    async def _exchanged(self, parts: Sequence[Any]) -> protocol.Message:
        answer = self._answer = self._loop.create_future()
        try:
            await self._send(parts)
            message: protocol.Message = await answer
        except (OSError, EOFError, protocol.Garbled) as exc:
            self._unwatch()
            if self._why is not None:
                raise self._why from exc
            raise await self._loop.run_in_executor(THREADS, self._reason, exc) from exc
        finally:
            self._answer = self._asker = None
            if self._question is not None:
                self._question.cancel()
        return message

    async def _send(self, parts: Sequence[Any]) -> None:
        if sum(map(len, parts)) <= SMALL:
            parts = [b"".join(parts)]
        for part in parts:
            left = memoryview(part).cast("B")
            with contextlib.suppress(BlockingIOError):  # the rest of it is sent below
                left = left[self._process.connection.send(left) :]
            if left:
                await self._loop.sock_sendall(self._process.connection, left)

    def _read(self) -> None:
        try:
            while True:
                message = self._incoming.read(self._process.connection)
                if "asks" in message[0] and self._asker is not None and self._question is None:
                    self._question = self._loop.create_task(
                        self._reply(self._asker, message[0]["asks"])
                    )
                elif "progress" not in message[0]:
                    break
        except BlockingIOError:
            return
        except (OSError, EOFError, protocol.Garbled) as exc:
            self._unwatch()
            if self._answer is None:
                self._died_idle()
            elif not self._answer.done():
                self._answer.set_exception(exc)
            return
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(message)
        else:  # nobody asked: whatever runs there writes to the socket itself
            self.stop(Lost("garbled", "answered without being asked"))

    async def _reply(self, asker: Asker, question: Any) -> None:
        """Answer what the worker asks, which then goes on with the call."""
        try:
            parts = protocol.encode(protocol.written(await asker(question)))
        except protocol.TooLarge as exc:
            parts = protocol.encode(protocol.written({"problem": _too_large(exc)}))
        except (KeyError, TypeError, ValueError) as exc:
            LOG.warning("a worker asked what is no question: %r", exc)
            self.stop(Lost("garbled", "asked what is no question"))
            return
        finally:
            self._question = None
        with contextlib.suppress(OSError):  # reading tells that it is gone
            await self._send(parts)

    def _reason(self, exc: BaseException) -> Lost:
        """Why the process is gone; it is ended."""
        try:
            with self._process.noticing_loss():
                raise exc
        except Lost as lost:
            self._process.end(at_once=True)
            return lost
        except OSError as other:
            self._process.end(at_once=True)
            return Lost("died", f"cannot be reached ({other})")

    def _unwatch(self) -> None:
        connection = self._process.connection
        if connection.fileno() >= 0:
            self._loop.remove_reader(connection)


def _too_large(exc: protocol.TooLarge) -> dict[str, Any]:
    return {"kind": "failed", "detail": f"the answer is too large: {exc}", "context": {}}
