"""Programs of the user's own, such as kubectl: found on PATH, run with a limit of time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from modelyard import errors

MOST = 32 << 20
"""Bytes of an answer that are read: those of these programs are much smaller."""
TOLD = 600
"""Letters that a message repeats of what a program said."""
OURS = "MODELYARD_"


@dataclass(frozen=True)
class Answer:
    """How a program ended: its exit code, what it answered, and what it said beside."""

    code: int
    out: str
    said: str

    @property
    def reason(self) -> str:
        """What it said last, in one line."""
        lines = [line.strip() for line in (self.said or self.out).splitlines() if line.strip()]
        told = " ".join(lines[-3:]) or f"it ended with {self.code} and said nothing"
        return told if len(told) <= TOLD else f"{told[:TOLD]} …"


@dataclass(frozen=True)
class Tool:
    """A program, by its name."""

    name: str
    purpose: str
    """What it does for us, as in 'kubectl, which speaks to clusters'."""

    def run(
        self,
        *arguments: str,
        seconds: float,
        given: str = "",
        heard: Callable[[str], None] | None = None,
    ) -> Answer:
        """Run it, and wait for its end.

        It sees our environment without what is meant for Modelyard alone: what it needs to sign in
        is its user's. If this process is killed it may go on to its end.

        Args:
            arguments: what follows its name.
            seconds: how long it may take.
            given: its standard input.
            heard: is told each line that it answers or says, as it comes; then `said` is empty.

        Raises:
            Unavailable: it is not there, cannot be started, or took too long.
            Failed: it answers without end.
        """
        program = shutil.which(self.name)
        if program is None:
            raise errors.Unavailable(
                f"there is no {self.name} on PATH, which {self.purpose}; install it where "
                "Modelyard runs, or write the files by 'modelyard deployments render' and run "
                "elsewhere what that says",
                program=self.name,
            )
        tell = heard or (lambda _: None)
        with TemporaryFile() as typed, TemporaryFile() as aside:
            typed.write(given.encode())
            typed.seek(0)
            said = aside if heard is None else subprocess.STDOUT
            overdue = threading.Event()
            with _started([program, *arguments], typed, said, seconds, overdue) as process:
                out = _read(self.name, process, tell)
                code = process.wait()
            aside.seek(0)
            beside = aside.read(MOST).decode("utf-8", "replace")
        if overdue.is_set():
            raise errors.Unavailable(
                f"{self.name} did not end within {seconds:g} seconds ({' '.join(arguments[:2])}); "
                "see whether what it speaks to can be reached",
                program=self.name,
            )
        return Answer(code, out, beside)


@contextmanager
def _started(
    command: list[str],
    typed: IO[bytes],
    said: int | IO[bytes],
    seconds: float,
    overdue: threading.Event,
) -> Iterator[subprocess.Popen[bytes]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    try:
        process = subprocess.Popen(
            command,
            stdin=typed,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environ,
            start_new_session=True,
        )
    except OSError as exc:
        raise errors.Unavailable(f"{command[0]} cannot be started: {exc}") from exc

    def end() -> None:
        overdue.set()
        _end(process)

    alarm = threading.Timer(seconds, end)
    alarm.daemon = True
    alarm.start()
    with process:
        try:
            yield process
        finally:
            alarm.cancel()
            _end(process)


def _read(name: str, process: subprocess.Popen[bytes], heard: Callable[[str], None]) -> str:
    if process.stdout is None:
        raise AssertionError("it has a pipe")
    parts: list[bytes] = []
    size, line = 0, b""
    while chunk := os.read(process.stdout.fileno(), 1 << 16):
        parts.append(chunk)
        size += len(chunk)
        if size > MOST:
            raise errors.Failed(f"{name} answers more than {MOST >> 20} MiB, which cannot be meant")
        *lines, line = (line + chunk).split(b"\n")
        for each in lines:
            heard(each.decode("utf-8", "replace").rstrip())
    return b"".join(parts).decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
