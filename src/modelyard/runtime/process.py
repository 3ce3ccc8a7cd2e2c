"""One worker process seen from the control side: start it, ask it, watch it, end it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import psutil
import pyarrow as pa

from modelyard import errors
from modelyard.kernel.progress import Progress
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime import guard
from modelyard.runtime.isolation import worker_environment
from modelyard.runtime.worker import protocol

WORKER = Path(protocol.__file__).with_name("__main__.py")
ENDS_ITSELF_IN = 2.0
"""Seconds that a worker gets to end by itself when it is no longer needed."""
LOOKS_EVERY = 0.5
"""Seconds between two looks at a busy worker."""

Cause = Literal["died", "unstartable", "overdue", "memory", "garbled"]


class Lost(Exception):
    """A worker is gone, and with it the request it was at.

    `happened` completes a sentence that starts with the model's name; `tail` is the last that the
    worker printed.
    """

    def __init__(self, cause: Cause, happened: str, tail: str = "") -> None:
        super().__init__(happened)
        self.cause = cause
        self.happened = happened
        self.tail = tail


@dataclass(frozen=True)
class WorkerSpec:
    """How worker processes are started."""

    python: Path
    settings: RuntimeSettings
    threads: int
    """Threads that numeric libraries may use."""
    environ: Mapping[str, str]
    """Variables beside those that every worker gets."""


class WorkerProcess:
    """A running worker under its guard; it takes one request at a time.

    Args:
        spec: how to start it.
        log: file that whatever it prints is appended to.

    Raises:
        Unavailable: the system starts no more processes.
    """

    def __init__(self, spec: WorkerSpec, log: Path) -> None:
        self._limit = spec.settings.memory_limit_mb << 20
        self._interrupted = False
        self._ending: _Ending | None = None
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            self._scratch = Path(tempfile.gettempdir(), f"modelyard-worker-{os.urandom(8).hex()}")
            self._connection, self._guard = _start_guard(spec, log.absolute(), self._scratch)
        except OSError as exc:
            raise errors.Unavailable(f"no worker process could be started: {exc}") from exc

    @property
    def connection(self) -> socket.socket:
        """The socket that requests go out on and answers come in by; it does not block."""
        return self._connection

    @property
    def ended(self) -> bool:
        """Whether `end` was called, by whomever."""
        return self._ending is not None

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker and every process it started; empty once they are gone."""
        return tuple(process.pid for process in self._family())

    def request(
        self,
        header: Mapping[str, Any],
        table: pa.Table | None = None,
        *,
        timeout: float,
        progress: Progress | None = None,
        answers: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    ) -> protocol.Message:
        """Send a request and wait for its answer, at most `timeout` seconds.

        `answers` is called with what the worker asks before it answers.

        Whatever goes wrong ends the worker, since it may be in the middle of something.

        Raises:
            Lost: the worker died, hangs, uses too much memory or answers nonsense.
            TooLarge: the table is larger than a message may be.
            pa.ArrowException: the table cannot be sent.
        """
        watch = _Watch(timeout, self)
        try:
            with self.noticing_loss():
                protocol.send(self._connection, dict(header), table, watch.wait)
            while True:
                with self.noticing_loss():
                    answer, answered = protocol.receive(self._connection, watch.wait, check=True)
                if answers is not None and "asks" in answer:
                    reply = answers(answer["asks"])
                    with self.noticing_loss():
                        protocol.send(self._connection, reply, None, watch.wait)
                    continue
                if "progress" not in answer:
                    return answer, answered
                if progress is not None:
                    told = answer["progress"]
                    progress(told["message"], fraction=told["fraction"], rows=told["rows"])
        except (protocol.TooLarge, pa.ArrowException):
            raise  # before a byte was sent: the worker knows nothing of it
        except Lost as exc:
            exc.tail = self.end(at_once=True).tail
            raise
        except BaseException:
            self.end(at_once=True)
            raise

    def interrupt(self) -> None:
        """Make the request that is under way fail; may be called from any thread."""
        self._interrupted = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Tell the worker that no more requests come, without waiting for its end."""
        self._connection.close()

    def end(self, *, at_once: bool = False) -> _Ending:
        """End the worker and all it started, and say how it ended; more than once is harmless."""
        if self._ending is None:
            self.release()
            self._ending = self._collect(0 if at_once or self._interrupted else ENDS_ITSELF_IN)
            shutil.rmtree(self._scratch, ignore_errors=True)
        return self._ending

    def memory(self) -> int:
        """Bytes of memory that the worker and all it started use now."""
        family = self._family()
        used = sum(_memory_of(process, shared=True) for process in family)
        if used > self._limit and len(family) > 1:
            # Forked processes share pages, which must not count once for each: look closer.
            used = sum(_memory_of(process, shared=False) for process in family)
        return used

    def check_memory(self) -> None:
        """Raise Lost if the worker uses more memory than it may."""
        used = self.memory()
        if used > self._limit:
            raise Lost("memory", f"used {used >> 20:,} MiB of memory")

    def _family(self) -> list[psutil.Process]:
        found = []
        try:
            for pid in _descendants(self._guard.pid):
                with contextlib.suppress(psutil.NoSuchProcess):
                    found.append(psutil.Process(pid))
        except OSError:  # the guard is gone, or the system does not tell
            with contextlib.suppress(psutil.NoSuchProcess):
                return psutil.Process(self._guard.pid).children(recursive=True)
        return found

    @contextmanager
    def noticing_loss(self) -> Iterator[None]:
        """Raise Lost in place of what its broken connection raises."""
        try:
            yield
        except (EOFError, ConnectionError) as exc:
            ending = self.end()
            if ending.unstartable is not None:
                raise Lost("unstartable", f"could not be started ({ending.unstartable})") from exc
            raise Lost("died", ending.words) from exc
        except protocol.Garbled as exc:
            raise Lost("garbled", f"broke the protocol of workers ({exc})") from exc

    def _collect(self, patience: float) -> _Ending:
        """Wait for the guard's report; after `patience` seconds the guard ends the worker."""
        process = self._guard
        output = _pipe(process.stdout)
        forced = not _readable(output, patience)
        with process:
            if forced:
                _pipe(process.stdin).close()
                if not _readable(output, 2 * guard.ENDING_TAKES):
                    _kill_group(process.pid)
            report = output.read()
        if not report:
            _kill_group(process.pid)  # the guard was killed and could end nothing
        return _Ending.of(report, forced=forced)


@dataclass(frozen=True)
class _Ending:
    """How a worker ended."""

    words: str
    """Completes a sentence that starts with the model's name."""
    tail: str = ""
    unstartable: str | None = None

    @classmethod
    def of(cls, report: bytes, *, forced: bool) -> _Ending:
        """Read a guard's report; it is empty if the guard was killed."""
        if not report:
            return cls("ended with its guard, which was killed")
        facts = json.loads(report)
        status, tail = facts["status"], facts["tail"]
        if forced or status is None:
            return cls("stopped answering", tail, facts["unstartable"])
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return cls(f"ended its process with exit code {code}", tail)
        name = next((known.name for known in signal.Signals if known == -code), "unnamed")
        words = f"was killed by signal {-code} ({name})"
        if -code == signal.SIGKILL:
            words += ", which is also what a system out of memory sends"
        return cls(words, tail)


class _Watch:
    """Waits for a worker's socket and looks after the worker meanwhile."""

    def __init__(self, timeout: float, process: WorkerProcess) -> None:
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._next_look = time.monotonic() + LOOKS_EVERY
        self._process = process

    def wait(self, connection: socket.socket, *, for_writing: bool) -> None:
        """Return once the socket is ready; raise Lost if the worker must not go on."""
        poller = select.poll()
        poller.register(connection, select.POLLOUT if for_writing else select.POLLIN)
        while True:
            now = time.monotonic()
            if now >= self._deadline:
                raise Lost("overdue", f"did not answer within {self._timeout:g} s")
            if now >= self._next_look:
                self._process.check_memory()
                self._next_look = time.monotonic() + LOOKS_EVERY
            until = min(self._deadline, self._next_look)
            if poller.poll(max(0.0, until - time.monotonic()) * 1000):
                return


def _start_guard(
    spec: WorkerSpec, log: Path, scratch: Path
) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    environ = worker_environment(
        str(scratch), threads=spec.threads, named=spec.settings.environ, extra=spec.environ
    )
    ours, theirs = socket.socketpair()
    with theirs:
        descriptor = str(theirs.fileno())
        guarding = [sys.executable, "-I", "-S", guard.__file__, descriptor, str(log), str(scratch)]
        # Isolated from the caller's Python settings, unbuffered, with a trace printed on a crash.
        python = [str(spec.python), "-I", "-u", "-X", "utf8", "-X", "faulthandler"]
        worker = [str(WORKER), descriptor, str(spec.settings.memory_limit_mb)]
        try:
            process = subprocess.Popen(
                [*guarding, *python, *worker],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
    ours.settimeout(0)
    return ours, process


def _descendants(pid: int) -> Iterator[int]:
    """The children of a process and theirs, without looking at every process there is.

    Raises:
        OSError: it is gone, or the system does not tell.
    """
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                yield from _descendants(child)


def _readable(end: IO[bytes], seconds: float) -> bool:
    poller = select.poll()
    poller.register(end, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise AssertionError("a guard has pipes")
    return end


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _memory_of(process: psutil.Process, *, shared: bool) -> int:
    """Bytes in memory; without `shared`, a page that n processes share counts 1/n where known."""
    try:
        if shared:
            return process.memory_info().rss
        full = process.memory_full_info()
        return getattr(full, "pss", full.uss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
