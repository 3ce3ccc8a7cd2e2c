"""Whether a server keeps a process of a node running: it holds a lock, which ends with it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def keeping(node: Path) -> Iterator[None]:
    """Say so of the node in a folder, for as long as the block takes."""
    file = _lock_of(node)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def is_kept(node: Path) -> bool:
    """Whether any server does."""
    try:
        handle = os.open(_lock_of(node), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _lock_of(node: Path) -> Path:
    """Beside the folder, which is made when the node is first used."""
    return node.with_name(f"{node.name}.lock")
