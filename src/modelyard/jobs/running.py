"""What happens in the process of a job: the command is run, and what comes of it is said."""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from threading import Lock
from typing import Any, NoReturn

from pydantic import TypeAdapter
from sqlalchemy import Row

from modelyard import errors
from modelyard.jobs import leases, repository
from modelyard.jobs.leash import EVENTS
from modelyard.kernel.command import Caller
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.kernel.progress import Progress

SAYS_EVERY = 0.1
LARGEST_RESULT = 16 << 20
_DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG

Acting = Callable[[Identity, Progress], Caller]


def carry_out(context: Context, acting: Acting, job_id: str, lease: int) -> None:
    """Run the command of a leased job as whoever submitted it, from their working folder.

    Whatever comes of it is said to the worker; nothing is raised but an interruption.
    """
    voice = Voice.from_environment()
    signal.signal(signal.SIGTERM, _interrupt)
    _die_with_parent()
    with context.read() as db:
        row = leases.found(db, job_id, lease)
    if row is None:
        print(f"job {job_id} is no longer this worker's", file=sys.stderr)  # noqa: T201  its log
        return
    try:
        result = _run(row, context, acting, voice)
    except errors.ModelyardError as error:
        voice.fail(error.code, error.detail, error.context)
    except Exception as exc:  # noqa: BLE001  a fault of ours or of a plug-in: the log has the trace
        traceback.print_exc()
        voice.fail("failed", f"{row.command} failed unexpectedly: {exc!r}; its log says where", {})
    else:
        voice.succeed(result)


def _run(row: Row[Any], context: Context, acting: Acting, voice: Voice) -> str:
    identity = repository.identity_of(row.identity)
    command = repository.command_of(row, context.commands)
    if row.folder:
        try:
            os.chdir(row.folder)
        except OSError as exc:
            raise errors.Failed(
                f"the folder {row.folder}, from which the job was submitted, cannot be entered on "
                f"{os.uname().nodename}: {exc.strerror}; run a worker where that folder is"
            ) from exc
    result = acting(identity, voice.progress).run(command)
    return TypeAdapter(command.result_type()).dump_json(result).decode()


class Voice:
    """Says to the worker how far the job is, and what came of it, a JSON object a line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._said = float("-inf")
        self._unsaid: dict[str, Any] | None = None
        self._lock = Lock()

    @classmethod
    def from_environment(cls) -> Voice:
        """The voice that the worker gave this process; what it starts does not get it."""
        try:
            descriptor = int(os.environ.pop(EVENTS))
            os.set_inheritable(descriptor, False)  # noqa: FBT003  its own signature
        except (KeyError, ValueError, OSError) as exc:
            raise errors.Invalid(
                "this command is how a worker runs a job; use: modelyard worker"
            ) from exc
        return cls(descriptor)

    def progress(
        self, message: str, /, *, fraction: float | None = None, rows: int | None = None
    ) -> None:
        """Say how far it is, unless that was just said or nobody listens."""
        with self._lock:
            event = {"message": message[:1000], "fraction": fraction, "rows": rows}
            if time.monotonic() - self._said < SAYS_EVERY or not self._is_heard():
                self._unsaid = event
                return
            self._said, self._unsaid = time.monotonic(), None
            self._say(event)

    def succeed(self, result: str) -> None:
        """Say what the command gave back."""
        if len(result) > LARGEST_RESULT:
            detail = f"its result is {len(result):,} letters long, more than {LARGEST_RESULT:,}"
            self.fail("failed", detail, {})
            return
        with self._lock:
            if self._unsaid:
                self._say(self._unsaid)
            self._write(f'{{"result": {result}}}\n'.encode())

    def fail(self, code: str, detail: str, context: dict[str, Any]) -> None:
        """Say what the command failed with."""
        with self._lock:
            self._say({"error": {"code": code, "detail": detail, "context": context}})

    def _is_heard(self) -> bool:
        return bool(select.select([], [self._descriptor], [], 0)[1])

    def _say(self, event: dict[str, Any]) -> None:
        self._write(json.dumps(event, default=str).encode() + b"\n")

    def _write(self, line: bytes) -> None:
        left = memoryview(line)
        while left:
            left = left[os.write(self._descriptor, left) :]


def _interrupt(_number: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise KeyboardInterrupt


def _die_with_parent() -> None:
    """Be killed when the leash is (Linux only; elsewhere it is the leash that kills)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
