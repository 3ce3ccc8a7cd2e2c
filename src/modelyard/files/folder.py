"""The folder of a project's files: whole files appear in it, and what is in it is told."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from modelyard import errors
from modelyard.files.types import StoredFile
from modelyard.jobs.access import is_named
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import TRANSIT

CHUNK = 1 << 20
MIB = 1 << 20
SPARE = 64 * MIB
DIGESTED = 1024 * MIB
"""Size up to which a file that is fetched over HTTP is read twice, to tell its digest first."""
ATTEMPTS = 10


def put(
    source: Path, target: Path, *, replace: bool, spare: bool, held: AbstractContextManager[None]
) -> str:
    """Copy a file to another place, where it appears whole or not at all; gives its sha256.

    Args:
        source: the file.
        target: where it goes; folders are made.
        replace: take the place of a file that is there.
        spare: nobody else writes to the source or needs it afterwards, so its bytes need no copy.
        held: entered while the file takes its place.

    Raises:
        Conflict: there is something else at that place.
        Failed: the disk is full, or it cannot be written.
    """
    with _in_words(target):
        partial = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex}.partial")
        try:
            digest = _bring(source, partial, spare=spare)
            with held:
                _settle(partial, target, digest, replace=replace)
        finally:
            partial.unlink(missing_ok=True)
        _flush(target.parent)
    return digest


def lend(file: Path, target: Path) -> str | None:
    """Let a file be read at another place as it is now, whatever is put there later.

    Gives its sha256, unless it has more than 1 GiB: whoever reads it should not wait for that.
    """
    with _in_words(file):
        target.unlink(missing_ok=True)
        try:
            os.link(file, target)
        except FileNotFoundError:
            raise
        except OSError:  # the two are on different disks, or the disk knows no links
            return _copy(file, target)
        return digest_of(target) if target.stat().st_size <= DIGESTED else None


@contextmanager
def alone(context: Context, project: str) -> Iterator[None]:
    """Let nobody else put or delete files of a project; commands that write data are not held."""
    top = paths.files_folder(context, project)
    top.mkdir(parents=True, exist_ok=True)
    handle = os.open(top, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def digest_of(file: Path) -> str:
    """The sha256 of a file's content."""
    with _in_words(file), file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def described(context: Context, project: str, file: Path, digest: str | None = None) -> StoredFile:
    """What is known of a file of a project."""
    with _in_words(file):
        facts = file.stat()
    return StoredFile(
        project=project,
        path=file.relative_to(paths.files_folder(context, project)).as_posix(),
        size=facts.st_size,
        modified=datetime.fromtimestamp(facts.st_mtime, UTC),
        sha256=digest,
    )


def every_file(top: Path) -> Iterator[Path]:
    """Every file at or below a folder, but those that are still being written."""
    for here, folders, names in os.walk(top):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(here, name)
            if not name.startswith(".") and file.is_file() and not file.is_symlink():
                yield file


def require_file(source: Path) -> None:
    """Raise NotFound or Invalid unless there is a file."""
    if source.is_dir():
        raise errors.Invalid(f"{source} is a folder; put its files one by one, or an archive of it")
    if not source.is_file():
        raise errors.NotFound(f"there is no file {source}")


def require_room(context: Context, project: str, source: Path, target: Path) -> None:
    """Refuse a file that is larger than the settings or the disk allow.

    Raises:
        Invalid: it is larger than a file may be.
        Blocked: the project's files would take more than they may.
        Failed: the disk has no room for it.
    """
    limits, size = context.settings.files, source.stat().st_size
    most = room(context, project, target)
    if size > limits.max_mb * MIB:
        raise errors.Invalid(
            f"the file has {size / MIB:,.1f} MiB; the setting files.max_mb allows {limits.max_mb:,}"
        )
    if most is not None and size > most:
        raise over_quota(context, project, f"this one has {size / MIB:,.1f}")
    free = shutil.disk_usage(context.folder).free
    if size + SPARE > free:
        raise errors.Failed(
            f"the file has {size / MIB:,.1f} MiB, and the server's disk {free / MIB:,.1f} MiB free"
        )


def room(context: Context, project: str, target: Path) -> int | None:
    """How many bytes a file of a project may have, beside the others; None: as many as it wants."""
    quota = context.settings.files.quota_mb
    if not quota:
        return None
    top = paths.files_folder(context, project)
    used = sum(file.stat().st_size for file in every_file(top) if file != target)
    return max(0, quota * MIB - used)


def over_quota(context: Context, project: str, why: str) -> errors.Blocked:
    """The error for a file that has no room beside the others of a project."""
    return errors.Blocked(
        f"the files of project {project} may take {context.settings.files.quota_mb:,} MiB together "
        f"(setting files.quota_mb), and {why}; delete some first: files list"
    )


def sweep_transit(context: Context, project: str) -> None:
    """Remove what clients put into the folder `transit` and could not clear themselves.

    What a job names that waits or runs is kept, however old it is.
    """
    days, top = context.settings.files.transit_days, paths.files_folder(context, project)
    oldest = time.time() - days * 24 * 3600
    for file in list(every_file(top / TRANSIT)) if days else ():
        try:
            if file.stat().st_mtime < oldest and not _is_needed(context, file.relative_to(top)):
                remove(file, top)
        except FileNotFoundError:
            continue  # somebody else was first


def _is_needed(context: Context, inside: Path) -> bool:
    """Whether a job that has not ended names a file in transit, or the folder that it is in."""
    with context.read() as db:
        return is_named(db, "/".join(inside.parts[:2]))


def remove(place: Path, top: Path) -> None:
    """Remove a file, or a folder with all that is in it, and folders above that are empty then.

    Raises:
        Failed: it cannot be removed.
    """
    with _in_words(place):
        try:  # not asked first which of the two it is: that may change in between
            place.unlink(missing_ok=True)
        except (IsADirectoryError, PermissionError):  # what Linux and macOS say of a folder
            gone = place.with_name(f".{uuid.uuid4().hex}.deleted")
            place.rename(gone)  # at once, so that nobody writes into a half-deleted folder
            _remove_tree(gone)
    with suppress(OSError):  # it is not empty, or somebody else was first
        for above in place.parents:
            if above == top:
                break
            above.rmdir()


def _remove_tree(folder: Path) -> None:
    for left in reversed(range(ATTEMPTS)):
        try:
            shutil.rmtree(folder)
        except OSError as exc:  # a late file came into it, or one was taken from it
            if exc.errno not in (errno.ENOTEMPTY, errno.ENOENT) or not left:
                raise
        else:
            return


def missing(context: Context, project: str, path: str) -> errors.NotFound:
    """The error for a file that is not there; it names near ones."""
    top = paths.files_folder(context, project)
    there = (file.relative_to(top).as_posix() for file in every_file(top))
    return errors.NotFound.among(f"file of project {project}", path, there)


def _bring(source: Path, partial: Path, *, spare: bool) -> str:
    """Get the bytes of a file to a place beside its target."""
    for left in reversed(range(ATTEMPTS)):
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            if spare and source.stat().st_dev == partial.parent.stat().st_dev:
                digest = digest_of(source)
                _flush(source)
                source.rename(partial)
                return digest
            return _copy(source, partial)
        except (FileNotFoundError, FileExistsError):  # an emptied folder went away in between
            if not left or not source.exists():
                raise
    raise AssertionError("each turn returns or raises, or another one follows")


def _copy(source: Path, partial: Path) -> str:
    found = hashlib.sha256()
    with source.open("rb") as content, partial.open("xb") as out:
        while block := content.read(CHUNK):
            found.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return found.hexdigest()


def taken(target: Path) -> errors.Conflict:
    """What is said of a file that is in the way."""
    return errors.Conflict(f"there is a file {target} already; use --replace, or another path")


def _settle(partial: Path, target: Path, digest: str, *, replace: bool) -> None:
    """Give a finished file its name, unless a file of this name and content is there."""
    if target.is_dir():
        raise errors.Conflict(f"{target} is a folder; name a file")
    if replace:
        partial.replace(target)
        return
    try:
        os.link(partial, target)
    except FileExistsError as exc:
        if partial.stat().st_size == target.stat().st_size and digest_of(target) == digest:
            return
        raise taken(target) from exc


def _flush(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _in_words(place: Path) -> Iterator[None]:
    """Say in a sentence what the system refuses."""
    try:
        yield
    except (NotADirectoryError, FileExistsError) as exc:
        raise errors.Conflict(f"{place} lies below a file; name another path") from exc
    except FileNotFoundError as exc:
        raise errors.NotFound(f"{exc.filename or place} went away") from exc
    except OSError as exc:
        raise errors.Failed(f"{place} cannot be read or written: {exc.strerror}") from exc
