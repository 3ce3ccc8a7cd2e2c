"""Which process wrote a row, and whether it is still there."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from functools import cache

import psutil

from modelyard.kernel.values import now

GIVEN_UP = timedelta(days=2)
"""After this time a process of another machine counts as gone: it cannot be looked at from here."""


def this_process() -> str:
    """The host, the number and the start of this process: no other one ever has all three."""
    return _process(os.getpid())


@cache
def _process(pid: int) -> str:
    return f"{socket.gethostname()[:64]} {pid} {_started(pid)}"


def is_gone(process: str, since: datetime) -> bool:
    """Whether a process has ended; one of another machine, after two days."""
    host, pid, started = process.rsplit(" ", 2)
    if host != socket.gethostname()[:64]:
        return now() - since > GIVEN_UP
    try:
        return _started(int(pid)) != started
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _started(pid: int) -> str:
    """When a process was started, since the machine was: that stays when its clock is set."""
    return f"{psutil.Process(pid).create_time() - psutil.boot_time():.2f}"
