"""The process between the control side and one worker: whatever ends, nothing is left running.

Run as a plain script, `guard.py SOCKET LOG SCRATCH COMMAND...`, in a session of its own. It starts
the command in a scratch folder that it removes afterwards, keeps what is printed in a log of
bounded size, and ends the command with everything it ever started as soon as its own standard
input is closed or the control side is gone: a worker that hangs in native code cannot do that for
itself. Last it prints one JSON object: `status` as from waitpid (null if the command never ran),
`tail`, the last that was printed, and `unstartable`, why the command could not be run, or null.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time

LARGEST_LOG = 8 << 20
LONGEST_TAIL = 16 << 10
ENDING_TAKES = 5.0  # seconds
_SUBREAPER = 36  # prctl's PR_SET_CHILD_SUBREAPER


class Log:
    """An append-only file, put aside as `<name>.old` when it has grown too large."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._tail = bytearray()
        self._file: int | None = None
        self._size = 0

    @property
    def tail(self) -> str:
        """The last that was printed."""
        return self._tail.decode(errors="replace")

    def write(self, data: bytes) -> None:
        """Append; where the disk refuses, only the tail is kept."""
        self._tail += data
        del self._tail[:-LONGEST_TAIL]
        with contextlib.suppress(OSError):
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                self._size = os.fstat(self._file).st_size
            self._size += os.write(self._file, data)
            if self._size > LARGEST_LOG:
                os.close(self._file)
                self._file = None
                os.rename(self._path, self._path + ".old")  # noqa: PTH104  pathlib loads slowly


def main() -> None:
    """Guard one command."""
    connection, log_path, scratch, *command = sys.argv[1:]
    log = Log(log_path)
    status, unstartable = None, None
    _adopt_orphans()
    died = _wake_on_death()
    output, output_end = os.pipe()
    try:
        os.mkdir(scratch, 0o700)  # noqa: PTH102  pathlib loads slowly
        os.chdir(scratch)
        child = _start(command, output_end)
    except OSError as exc:
        unstartable = str(exc)
    os.close(int(connection))
    os.close(output_end)
    if unstartable is None:
        status = _watch(child, output, died, log)
        status = _end_everything(child, status)
        _drain(output, log)
    report = {"status": status, "tail": log.tail, "unstartable": unstartable}
    with contextlib.suppress(BrokenPipeError):  # nobody is there to read it
        sys.stdout.write(json.dumps(report))
        sys.stdout.flush()
    _remove(scratch)
    if sys.platform != "linux":
        os.killpg(os.getpgrp(), signal.SIGKILL)  # orphans that were not adopted


def _adopt_orphans() -> None:
    """Become the parent of whatever the worker's own children leave behind (Linux only)."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  needed on one system only

        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _wake_on_death() -> int:
    """Give a descriptor that can be read once a child has died."""
    died, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    return died


def _start(command: list[str], output: int) -> int:
    return os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
        ],
    )


def _watch(child: int, output: int, died: int, log: Log) -> int | None:
    """Keep the log until the child has died (its status) or is to be ended (None)."""
    control = os.getppid()
    poller = select.poll()
    for descriptor in (sys.stdin.fileno(), output, died):
        poller.register(descriptor, select.POLLIN)
    while os.getppid() == control:
        ready = {descriptor for descriptor, _ in poller.poll(1000)}
        if output in ready:
            data = os.read(output, 1 << 16)
            log.write(data)
            if not data:
                poller.unregister(output)
        if died in ready:
            os.read(died, 1 << 10)
            status = _reap(child)
            if status is not None:
                return status
        if sys.stdin.fileno() in ready:
            return None
    return None


def _reap(child: int) -> int | None:
    """Collect whoever has died; the status of the child if it is among them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, ended = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                status = ended
            if pid == 0:
                break
    return status


def _end_everything(child: int, status: int | None) -> int | None:
    """Kill the child and all it started, again and again until nobody is left."""
    deadline = time.monotonic() + ENDING_TAKES
    while offspring := _offspring([child] if status is None else []):
        for pid in offspring:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
        ended = _reap(child)
        status = ended if status is None else status
        if time.monotonic() > deadline:
            break
    return status


def _offspring(known: list[int]) -> list[int]:
    """The children of this process, or those `known` where the system does not tell."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return known


def _drain(output: int, log: Log) -> None:
    os.set_blocking(output, False)
    with contextlib.suppress(BlockingIOError):
        while data := os.read(output, 1 << 16):
            log.write(data)


def _remove(scratch: str) -> None:
    import shutil  # noqa: PLC0415  loads slowly, and the worker is waiting at the start

    os.chdir("/")
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
