"""The process of one job as its worker sees it: started, heard, kept on its leash, ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from modelyard.jobs import leash
from modelyard.jobs.endings import Died, Ending, Erred, GivenBack, Succeeded

KILLED_AFTER = 0.5
"""Seconds between asking a job to end and killing it."""
LONGEST_LINE = 2000
LARGEST_EVENT = 64 << 20
MOST_ROWS = (1 << 63) - 1
_BLOCK = 1 << 16


@dataclass
class Child:
    """A running job.

    `said` is what it said of its progress and `lines` what it printed since both were written down.
    """

    job: str
    lease: int
    process: subprocess.Popen[bytes]
    events: int
    """Descriptor on which the job says how far it is and what came of it, a JSON object a line."""
    printed: int
    """Number of the last line of the job's log."""
    keep: int
    """Lines that its log keeps."""
    until: float = float("inf")
    """When (monotonic) its lease ends."""
    said: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    ending: Ending | None = None
    ending_since: float | None = None
    """When (monotonic) it said what came of it."""
    is_ending: bool = False
    """Whether it can say no more: its process is gone, or about to be."""
    given_back: str = ""
    """Why the worker does not go on with it, if it does not."""
    _events: bytearray = field(default_factory=bytearray)
    _output: bytearray = field(default_factory=bytearray)

    @classmethod
    def start(
        cls, command: Sequence[str], *, job: str, lease: int, printed: int, keep: int
    ) -> Child:
        """Start a job's process under its leash; OSError if the system starts no more."""
        ours, theirs = os.pipe()
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, str(KILLED_AFTER), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs],
                env={**os.environ, leash.EVENTS: str(theirs)},
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        child = cls(job, lease, process, ours, printed, keep)
        for descriptor in child.descriptors:
            os.set_blocking(descriptor, False)
        return child

    @property
    def descriptors(self) -> tuple[int, int]:
        """What to wait for: its events and its output."""
        return self.events, _pipe(self.process.stdout).fileno()

    def renew(self, until: float) -> None:
        """Tell the leash until when (monotonic) the lease lasts."""
        self.until = until
        with contextlib.suppress(OSError, ValueError):  # it has ended, or is being killed
            _pipe(self.process.stdin).write(f"{until}\n".encode())

    def stop(self, why: str = "") -> None:
        """Ask the job to end, and kill it soon after; `why` it is given back, if it is."""
        self.given_back = self.given_back or why
        with contextlib.suppress(OSError):
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the job at once."""
        _pipe(self.process.stdin).close()

    def listen(self) -> set[int]:
        """Take in what it said and printed; gives the descriptors that came to their end."""
        ended = set()
        events, output = self.descriptors
        if _read(events, self._events):
            ended.add(events)
        if _read(output, self._output):
            ended.add(output)
        self._take_events()
        self._take_lines(whole=output in ended)
        self.is_ending = events in ended
        return ended

    def has_ended(self) -> bool:
        """Whether its process is gone; `ending` then says how."""
        code = self.process.poll()
        if code is None:
            return False
        self.listen()
        self._take_lines(whole=True)
        os.close(self.events)
        for pipe in (self.process.stdin, self.process.stdout):
            _pipe(pipe).close()
        self.ending = self.ending or self._told_by(code)
        return True

    def _told_by(self, code: int) -> Ending:
        if self.given_back:
            return GivenBack(self.given_back)
        if code == leash.LAPSED:
            return GivenBack("its worker could not reach the database until its lease was over")
        if code < 0 or code > 128:
            number = -code if code < 0 else code - 128
            name = next((known.name for known in signal.Signals if known == number), str(number))
            memory = ", which is also what a system out of memory sends"
            return Died(f"was killed by {name}{memory if number == signal.SIGKILL else ''}")
        return Died(f"ended with exit code {code} and without a result")

    def _take_events(self) -> None:
        *whole, rest = self._events.split(b"\n")
        self._events = rest
        for line in whole:
            self._take_event(bytes(line))
        if len(rest) > LARGEST_EVENT:
            self.condemn("it said more than is taken")

    def _take_event(self, line: bytes) -> None:
        try:
            event = _storable(json.loads(line))
            if {"result", "error"} & set(event):
                self.ending_since = time.monotonic()
            if "result" in event:
                self.ending = Succeeded(json.dumps(event["result"]))
            elif "error" in event:
                self.ending = Erred({name: event["error"][name] for name in _ERROR})
            else:
                self.said = _progress(**event)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as exc:
            self.condemn(f"it said what cannot be read: {exc!r}")

    def condemn(self, detail: str) -> None:
        """Kill the job, which says what nobody can make sense of."""
        self._events.clear()
        self.ending = Erred({"code": "failed", "detail": detail, "context": {}})
        self.kill()

    def _take_lines(self, *, whole: bool) -> None:
        while (end := self._output.find(b"\n")) >= 0 or len(self._output) > _BLOCK:
            end = end if end >= 0 else len(self._output)
            self._add_line(self._output[:end])
            del self._output[: end + 1]
        if whole and self._output:
            self._add_line(self._output)
            self._output.clear()

    def _add_line(self, line: bytearray) -> None:
        text = _storable(line.decode("utf-8", "replace").rpartition("\r")[2])
        self.lines.append(text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "…")
        self.printed += 1
        del self.lines[: -self.keep]


_ERROR = ("code", "detail", "context")


def _progress(*, message: str, fraction: float | None, rows: int | None) -> dict[str, Any]:
    return {
        "message": message[:LONGEST_LINE],
        "fraction": None if fraction is None else min(1.0, max(0.0, float(fraction))),
        "rows": None if rows is None else min(MOST_ROWS, max(0, int(rows))),
    }


def _storable(value: Any) -> Any:
    """A JSON value without what databases take in no text: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "�")
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list) else value


def _read(descriptor: int, into: bytearray) -> bool:
    """Read what is there, but no more than a few blocks at a time; True at the end of the file."""
    for _ in range(16):
        try:
            block = os.read(descriptor, _BLOCK)
        except BlockingIOError:
            return False
        if not block:
            return True
        into += block
    return False


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise AssertionError("a job has pipes")
    return end
