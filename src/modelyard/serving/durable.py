"""Files that are old or new, never in between, whenever a process or the machine dies."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard import errors
from modelyard.kernel.progress import Progress, silence

TRIES_EVERY = 0.05
TOLD_AFTER = 1.0


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file by another content; it is on the disk when this returns."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_folder(folder: Path, grave: Path) -> None:
    """Remove a folder: it is gone at once, its files soon after."""
    doomed = grave / f"{uuid.uuid4().hex}.gone"
    folder.rename(doomed)
    sync_folder(folder.parent)
    shutil.rmtree(doomed, ignore_errors=True)


@contextmanager
def locked(file: Path, *, what: str, progress: Progress = silence) -> Iterator[None]:
    """Hold a lock among all processes; the system frees it when its holder dies."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        began = time.monotonic()
        while not _try(handle):
            if time.monotonic() - began > TOLD_AFTER:
                progress(f"waiting for another command that changes {what}")
            time.sleep(TRIES_EVERY)
        yield
    finally:
        os.close(handle)


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def staged(stages: Path) -> Iterator[Path]:
    """A new folder to put something together in; what dead processes left is swept away.

    Raises:
        Failed: the disk is full, or the folder cannot be written.
    """
    try:
        _sweep(stages)
        folder, lock = _claim(stages)
    except OSError as exc:
        raise errors.Failed(f"nothing can be written in {stages}: {exc}") from exc
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _claim(stages: Path) -> tuple[Path, int]:
    while True:
        folder = stages / uuid.uuid4().hex
        folder.mkdir()
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():  # else it was swept away before it was locked
            return folder, lock
        os.close(lock)


def _sweep(stages: Path) -> None:
    for folder in stages.iterdir():
        try:
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            if _try(lock):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
