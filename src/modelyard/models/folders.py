"""A version's files as a folder that a worker can load, kept while it is in use.

Who uses a folder holds a shared lock on it. Where one is to go while it is in use, a mark beside it
tells its last user to remove it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.models import repository
from modelyard.models.types import StoredFile
from modelyard.store.artifacts import digest_of

FORGOTTEN = ".forgotten"


def list_files(folder: Path) -> tuple[StoredFile, ...]:
    """Every file below a folder with its digest, by path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        StoredFile(
            path=path.relative_to(folder).as_posix(),
            sha256=digest_of(path),
            size=path.stat().st_size,
        )
        for path in paths
    )


def tree_digest(files: Iterable[StoredFile]) -> str:
    """One sha256 for a set of files: over `digest  path` lines in path order."""
    lines = sorted(f"{file.sha256}  {file.path}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def folder_of(context: Context, digest: str) -> Path:
    """Where the loadable folder of a set of files is, if it is there."""
    return context.folder / "cache" / "models" / digest


def copy_tree(source: Path, target: Path) -> None:
    """Copy everything below a folder into another, which exists."""
    shutil.copytree(source, target, dirs_exist_ok=True)


def loadable_folder(context: Context, digest: str, fill: Callable[[Path], None]) -> Path:
    """The folder a worker loads a version from, filled when it is not there.

    Workers get this copy and never the artifacts themselves, which a model could change.

    Raises:
        Failed: the disk is full, or an artifact is damaged.
    """
    folder = folder_of(context, digest)
    if not folder.is_dir():
        with _filled(folder, fill) as fresh, suppress(OSError):
            fresh.rename(folder)
        if not folder.is_dir():
            raise errors.Failed(f"the model's files cannot be put at {folder}")
    return folder


@contextmanager
def fresh_folder(context: Context, digest: str, fill: Callable[[Path], None]) -> Iterator[Path]:
    """A newly filled folder; what went well takes the place of the one there, unless that is used.

    Raises:
        Failed: the disk is full, or an artifact is damaged.
    """
    folder = folder_of(context, digest)
    with _filled(folder, fill) as fresh:
        yield fresh
        if _removed(folder):
            with suppress(OSError):  # somebody else has just filled it
                fresh.rename(folder)


@contextmanager
def leased_folder(context: Context, digest: str, fill: Callable[[Path], None]) -> Iterator[Path]:
    """A loadable folder that nobody removes until the block is left; raises as its filling does."""
    while True:
        folder = loadable_folder(context, digest, fill)
        with in_use(context, folder) as there:
            if there:
                yield folder
                return


@contextmanager
def in_use(context: Context, folder: Path) -> Iterator[bool]:
    """Keep a folder from being removed until the block is left; gives whether it is there."""
    handle = _lock(folder, fcntl.LOCK_SH)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)
        if _mark(folder).exists():
            forget_folder(context, folder.name)


def forget_folder(context: Context, digest: str) -> None:
    """Remove a loadable folder unless a version has it; where it is in use, its last user does."""
    folder = folder_of(context, digest)
    mark = _mark(folder)
    with context.read() as db:
        needed = repository.has_folder(db, digest)
    if not needed and not _removed(folder):
        mark.touch()
        if not _removed(folder):  # who lets go of it from now on finds the mark
            return
    mark.unlink(missing_ok=True)


def forget_marked_folders(context: Context) -> None:
    """Remove what the last users of folders would have removed, had they not been killed."""
    for mark in folder_of(context, "").glob(f"*{FORGOTTEN}"):
        forget_folder(context, mark.name.removesuffix(FORGOTTEN))


@contextmanager
def _filled(folder: Path, fill: Callable[[Path], None]) -> Iterator[Path]:
    """A filled folder beside another; gone when the block is left, unless it was renamed."""
    fresh = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")
    try:
        try:
            fresh.mkdir(parents=True)
            fill(fresh)
        except OSError as exc:
            raise errors.Failed(f"the model's files cannot be copied to {folder}: {exc}") from exc
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _removed(folder: Path) -> bool:
    """Remove a folder unless it is in use; gives whether it is gone."""
    handle = _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if handle is None:
        return not folder.exists()
    try:
        gone = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")
        folder.rename(gone)  # at once, so that nobody finds half of it
        shutil.rmtree(gone, ignore_errors=True)
    finally:
        os.close(handle)
    return True


def _lock(folder: Path, kind: int) -> int | None:
    """Lock a folder, as a descriptor; None where it is not there, or held against that kind."""
    while True:
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, kind)
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except FileNotFoundError:
            pass  # removed while we waited for the lock: look again
        os.close(handle)


def _mark(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{FORGOTTEN}")


def write_files(context: Context, files: Iterable[StoredFile], target: Path) -> None:
    """Write a version's files out of the artifact store, checking their digests."""
    for file in files:
        path = target / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        context.artifacts.save(file.sha256, path)
