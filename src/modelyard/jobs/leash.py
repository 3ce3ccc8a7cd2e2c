"""The process between a worker and the process of one job: a job never outlives its lease.

Run as a plain script, `leash.py GRACE COMMAND...`. It starts the command in a process group of its
own and ends with the command's exit code, or 128 and the signal that killed it. On its standard
input it is told until which moment of the system's monotonic clock the lease lasts, one number a
line; at that moment, or when its input is closed because the worker is gone, it kills the group. On
SIGTERM it asks the group to end and kills it GRACE seconds later. A job that hangs in native code,
or whose worker is stopped, could do none of this for itself. The monotonic clock stands still while
the machine sleeps; when it wakes up, the worker has to renew the lease soon, since another may have
taken the job over.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

LAPSED = 250
"""Exit code that says: the lease was over."""
UNSTARTABLE = 127
WAKES_WITHIN = 5.0
"""Seconds that a worker has to renew the lease after its machine slept."""
EVENTS = "MODELYARD_JOB_EVENTS"
"""The variable that tells the job on which descriptor to say how far it is."""


def main() -> None:
    """Keep one command on the leash."""
    grace, command = float(sys.argv[1]), sys.argv[2:]
    wake, asked = _wake_on_signals()
    try:
        child = _start(command)
    except OSError as exc:
        print(f"{command[0]} cannot be started: {exc}", file=sys.stderr)  # noqa: T201  for the log
        sys.exit(UNSTARTABLE)
    _let_go_of_pipes()
    sys.exit(_watch(child, grace, wake, asked))


def _wake_on_signals() -> tuple[int, list[float]]:
    """A descriptor that can be read after a signal, and when SIGTERM came."""
    asked: list[float] = []
    wake, write_end = os.pipe()
    os.set_blocking(write_end, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: asked.append(time.monotonic()))
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    return wake, asked


def _start(command: list[str]) -> int:
    return os.posix_spawn(
        command[0],
        command,
        os.environ,
        setpgroup=0,
        setsigdef=[signal.SIGTERM, signal.SIGINT],
        file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
    )


def _let_go_of_pipes() -> None:
    """The worker reads to the end of these; only the job shall hold them open."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    with contextlib.suppress(KeyError, ValueError, OSError):
        os.close(int(os.environ[EVENTS]))


def _watch(child: int, grace: float, wake: int, asked: list[float]) -> int:
    until, kill_at, sleep = float("inf"), float("inf"), slept()
    poller = select.poll()
    poller.register(0, select.POLLIN)
    poller.register(wake, select.POLLIN)
    while True:
        left = max(0.0, min(until, kill_at, time.monotonic() + 1) - time.monotonic())
        ready = {descriptor for descriptor, _ in poller.poll(left * 1000 + 1)}
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 1 << 10)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            _signal(child, signal.SIGKILL)  # whatever it left behind
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if asked and kill_at == float("inf"):
            _signal(child, signal.SIGTERM)
            kill_at = time.monotonic() + grace
        told = os.read(0, 1 << 12) if 0 in ready else b"\n"
        until = _moment(told, after_sleep(until, slept() - sleep))
        sleep = slept()
        if not told or time.monotonic() >= min(until, kill_at):
            _signal(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return LAPSED if time.monotonic() >= until else 128 + signal.SIGKILL


def slept() -> float:
    """Seconds that this machine slept since it was started, where the system tells."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if boot is None else time.clock_gettime(boot) - time.monotonic()


def after_sleep(until: float, seconds: float) -> float:
    """Until when a lease lasts after the machine slept for so long; a second is no sleep."""
    return min(until, time.monotonic() + WAKES_WITHIN) if seconds > 1 else until


def _moment(told: bytes, until: float) -> float:
    for line in told.split():
        until = float(line)
    return until


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    main()
