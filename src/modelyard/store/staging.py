"""Where something of several files is put together before it is kept: all of it or nothing."""

from __future__ import annotations

import fcntl
import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelyard.kernel.context import Context

LOCK = "owner.lock"
PENDING = "pending.json"


@dataclass(frozen=True)
class Stage:
    """A private folder that is gone when the block ends, however it ends."""

    folder: Path

    @property
    def model(self) -> Path:
        """Where the model's own files are."""
        return self.folder / "model"

    def keep(self, context: Context, files: Iterable[tuple[Path, str]]) -> None:
        """Move files into the artifact store.

        Their digests are written down first, so that they can be taken out again should this
        process die before a row refers to them.

        Args:
            context: the workspace.
            files: paths, with the digests of their contents.
        """
        moves = list(files)
        (self.folder / PENDING).write_text(json.dumps([digest for _, digest in moves]))
        for path, _ in moves:
            context.artifacts.put(path, move=True)


@contextmanager
def stage(context: Context, collect: Callable[[set[str]], None]) -> Iterator[Stage]:
    """Open a stage. `collect` takes artifacts out of the store that no row refers to."""
    root = context.folder / "staging"
    sweep(root, collect)
    folder = root / uuid.uuid4().hex
    (folder / "model").mkdir(parents=True)
    unseen = folder / f"{LOCK}.new"
    with unseen.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # freed by the system when we die
        unseen.rename(folder / LOCK)  # only now, else whoever sweeps could lock it before us
        try:
            yield Stage(folder)
        finally:
            clear(folder, collect)


def sweep(root: Path, collect: Callable[[set[str]], None]) -> None:
    """Clear the stages of processes that died."""
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            with (folder / LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                clear(folder, collect)
        except FileNotFoundError:
            continue  # just being made, or just being cleared
        except BlockingIOError:
            continue  # its owner is alive


def clear(folder: Path, collect: Callable[[set[str]], None]) -> None:
    """Remove a stage, and what it moved into the artifact store if nothing refers to it."""
    pending = folder / PENDING
    if pending.exists():
        try:
            digests = set(json.loads(pending.read_text()))
        except ValueError:
            digests = set()  # died while writing it down: nothing was moved yet
        collect(digests)
    shutil.rmtree(folder, ignore_errors=True)
