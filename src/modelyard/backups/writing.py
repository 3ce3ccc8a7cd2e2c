"""Writing a backup: a file that has its name only when it is whole."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from modelyard import errors
from modelyard.backups.manifest import MANIFEST, Manifest, Member

BLOCK = 1 << 20
QUICK = 1
"""How hard deflate tries: the files of models shrink little, whatever it does."""
FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file may not be as large there",
}
UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.unfinished$")


class Archive:
    """A backup that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK)
        self.members: list[Member] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError, ValueError):  # only where it failed is it still open
            self._zip.close()

    def add(self, name: str, content: Iterable[bytes], *, modified: float | None = None) -> Member:
        """Write a member; memory holds a part of its content at a time."""
        found, size = hashlib.sha256(), 0
        with self._zip.open(name, "w", force_zip64=True) as out:
            for part in content:
                found.update(part)
                size += len(part)
                out.write(part)
        member = Member(name=name, size=size, sha256=found.hexdigest(), modified=modified)
        self.members.append(member)
        return member

    def finish(self, manifest: Manifest) -> None:
        """Write the table of contents, and close the archive."""
        with self._zip.open(MANIFEST, "w", force_zip64=True) as out:
            out.write(manifest.model_dump_json(exclude_none=True).encode())
        self._zip.close()


def blocks(source: BinaryIO, most: int | None = None) -> Iterator[bytes]:
    """The content of a file, of which `most` bytes if it is longer."""
    left = most
    while left is None or left > 0:
        part = source.read(BLOCK if left is None else min(BLOCK, left))
        if not part:
            return
        left = None if left is None else left - len(part)
        yield part


@contextmanager
def appearing(target: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A new file, which is at its place when the block has ended, and not before.

    Only its owner can read it: a backup holds hashes of passwords, and passwords of databases. What
    others left behind there that died while they wrote is removed.

    Raises:
        NotFound: the folder is not there.
        Conflict: there is something at that place.
        Failed: the disk is full, or it cannot be written.
    """
    _require_free(target, replace=replace)
    partial = target.with_name(f"{target.name[:100]}.{uuid.uuid4().hex}.unfinished")
    try:
        _sweep(target.parent)
        partial.touch(0o600, exist_ok=False)
        with partial.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
            file.flush()
            os.fsync(file.fileno())
            _settle(partial, target, replace=replace)
    except OSError as exc:
        raise errors.Failed(f"no backup was written: {in_words(exc, target)}") from exc
    finally:
        partial.unlink(missing_ok=True)


def in_words(exc: OSError, place: Path) -> str:
    """What the operating system refused, and what to do about it."""
    if exc.errno in FULL:
        return (
            f"{place} has no room for it, {FULL[exc.errno]}; free some space, or name a place on "
            "another disk"
        )
    return f"{exc.filename or place} cannot be read or written: {exc.strerror or exc}"


def _require_free(target: Path, *, replace: bool) -> None:
    if target.is_dir():
        raise errors.Conflict(f"{target} is a folder; name a file")
    if not target.parent.is_dir():
        raise errors.NotFound(f"the folder {target.parent} is not there; make it first")
    if target.exists() and not replace:
        raise errors.Conflict(f"there is a file {target} already; use --replace, or another path")


def _settle(partial: Path, target: Path, *, replace: bool) -> None:
    if replace:
        partial.replace(target)
    else:
        try:
            os.link(partial, target)
        except FileExistsError as exc:
            raise errors.Conflict(f"there is a file {target} by now; use another path") from exc
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _sweep(folder: Path) -> None:
    """Remove unfinished backups whose writer is gone: it would hold a lock."""
    for file in folder.glob("*.unfinished"):
        if not UNFINISHED.search(file.name):
            continue
        try:
            with file.open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.unlink()
        except (BlockingIOError, FileNotFoundError, PermissionError):
            continue  # it is being written, somebody else was first, or it is not ours
