"""What a worker may use, and when it must end."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from importlib.machinery import SourceFileLoader
from typing import Any


def limit_memory(megabytes: int) -> None:
    """Refuse allocations beyond a limit (MiB), and write no core dumps.

    Only Linux counts private memory; elsewhere the control side watches what is in use.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        limit = megabytes << 20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def end_with_parent(interval: float = 1.0) -> None:
    """End this process group as soon as the parent is gone, looking every `interval` seconds."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(interval)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, name="modelyard-parent-watch", daemon=True).start()


def keep_unwritten(folder: str) -> None:
    """Let Python write no bytecode below a folder: a model's files must stay what they are."""
    below = os.path.realpath(folder) + os.sep
    write = SourceFileLoader.set_data

    def set_data(self: SourceFileLoader, path: str, data: bytes, **mode: Any) -> None:
        if not os.path.realpath(path).startswith(below):
            write(self, path, data, **mode)

    SourceFileLoader.set_data = set_data  # type: ignore[method-assign,assignment]
