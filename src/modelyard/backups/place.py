"""The folder that a workspace is restored into: it is marked until all is there.

While the mark is there, nobody can open the folder as a workspace. Whoever restores holds a lock on
it, so that the next one can tell what a process left that died, and begins anew.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from modelyard import errors
from modelyard.backups.writing import in_words
from modelyard.kernel.paths import FOLDER as FILES
from modelyard.kernel.settings import SETTINGS_FILE
from modelyard.store.opening import RESTORING

PART = "restoring.part"
OURS = (
    *("artifacts", FILES, SETTINGS_FILE, PART),
    *(f"modelyard.db{ending}" for ending in ("", "-wal", "-shm", "-journal")),
)
"""All that restoring makes in a folder, beside the mark."""


@dataclass(frozen=True)
class Place:
    """A folder that is ours until the restoring ends."""

    folder: Path
    id: str
    """Of this restoring."""
    continued: str | None
    """The id of one of the same backup that was interrupted here, if there is one."""


@contextmanager
def claimed(folder: Path, archive: str) -> Iterator[Place]:
    """Have a folder for oneself; if the block fails, it is as it was before.

    Args:
        folder: it is made if it is not there.
        archive: the digest of the backup.

    Raises:
        Conflict: something is in the folder already, or is being restored into it.
        Failed: it cannot be made or written.
    """
    made = not folder.exists()
    try:
        if made:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        _require_free(folder)
        with (folder / RESTORING).open("a+", encoding="utf-8") as mark:
            _lock(mark, folder)
            known = _read(mark)
            place = Place(
                folder, uuid.uuid4().hex, known["id"] if known["archive"] == archive else None
            )
            try:
                yield place
            except BaseException:
                clear(folder)
                _unmark(folder)
                if made:
                    with suppress(OSError):  # somebody put something there
                        folder.rmdir()
                raise
            _unmark(folder)
    except OSError as exc:
        raise errors.Failed(f"nothing was restored: {in_words(exc, folder)}") from exc


def begin(place: Place, archive: str) -> None:
    """Remove what an interrupted restoring left, and note which one begins."""
    clear(place.folder)
    mark = place.folder / RESTORING
    with mark.open("r+", encoding="utf-8") as noted:
        noted.truncate()
        noted.write(json.dumps({"id": place.id, "archive": archive}))
        noted.flush()
        os.fsync(noted.fileno())


def clear(folder: Path) -> None:
    """Remove all that restoring makes."""
    for name in OURS:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _require_free(folder: Path) -> None:
    there = {path.name for path in folder.iterdir()}
    if RESTORING in there:
        there -= {RESTORING, *OURS}
    if there:
        raise errors.Conflict(
            f"there is something in {folder} already ({min(there)}); a backup is restored into an "
            "empty folder, or a new one"
        )


def _lock(mark: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(mark.fileno()), (folder / RESTORING).stat())
    except (BlockingIOError, FileNotFoundError):
        held = False
    if not held:
        raise errors.Conflict(f"somebody else is restoring a backup into {folder}")


def _read(mark: IO[str]) -> dict[str, str | None]:
    """What the mark says; nothing, if its writer died too early or it is new."""
    mark.seek(0)
    try:
        told = json.load(mark)
        return {"id": str(told["id"]), "archive": str(told["archive"])}
    except (ValueError, KeyError, TypeError):
        return {"id": None, "archive": None}


def _unmark(folder: Path) -> None:
    (folder / RESTORING).unlink(missing_ok=True)
