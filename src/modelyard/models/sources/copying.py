"""Copying a folder of model files: plain files only, in a stream, when there is room."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors
from modelyard.kernel.progress import Progress

CHUNK = 4 << 20
SPARE = 64 << 20
"""Bytes that stay free on the disk beside a copy: the database and the logs need room too."""

KINDS = {
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@dataclass(frozen=True)
class FoundFile:
    """A file to copy: its path inside the model's folder, where its bytes are, and how many."""

    path: Path
    real: Path
    size: int


def find_files(folder: Path, *, skip: Path) -> list[FoundFile]:
    """Every file below a folder, by path; nothing below `skip` (the workspace itself).

    A link to a file inside the folder counts as that file. Any other link is refused, and so is
    whatever is no plain file: a model's folder is no door to the rest of the disk.

    Raises:
        Invalid: a link leads elsewhere, something is no plain file, or a name is not UTF-8.
        Failed: something cannot be read.
    """
    root, skip = folder.resolve(), skip.resolve()
    files = []
    with in_words(root):
        for here, folders, names in os.walk(root, onerror=_complain):
            paths = [Path(here, name) for name in (*names, *folders)]
            files += [_find(root, path) for path in paths if path.is_symlink() or not path.is_dir()]
            folders[:] = [name for name in folders if Path(here, name) != skip]
    return sorted(files, key=lambda file: file.path.as_posix())


def copy_files(files: list[FoundFile], target: Path, progress: Progress) -> None:
    """Copy files into an empty folder.

    Raises:
        Failed: the disk has too little room, or a file cannot be read or changes meanwhile.
    """
    total = sum(file.size for file in files)
    require_room(target, total)
    done = 0
    for file in files:
        with in_words(file.real):
            for size in _copy(file, target / file.path):
                done += size
                progress(f"copying {file.path}", fraction=min(done / total, 1.0))


def require_room(target: Path, size: int) -> None:
    """Make sure that `size` bytes fit on the disk of `target`.

    Raises:
        Failed: they do not.
    """
    free = shutil.disk_usage(target).free
    if size + SPARE > free:
        raise errors.Failed(
            f"the model takes {size / 1e6:,.1f} MB and the disk of {target} has "
            f"{free / 1e6:,.1f} MB free, of which {SPARE / 1e6:,.0f} MB must stay; free some, or "
            "use a workspace on another disk",
            needed=size,
            free=free,
        )


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Say in a sentence what the system refuses."""
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.Failed(
                "the disk is full; free some space, or use a workspace on another disk"
            ) from exc
        raise errors.Failed(
            f"{exc.filename or path} cannot be copied: {exc.strerror}; check the path, and that "
            "you may read it"
        ) from exc


def _find(root: Path, path: Path) -> FoundFile:
    relative = path.relative_to(root)
    try:
        str(relative).encode()
    except UnicodeEncodeError:
        raise errors.Invalid(
            f"the name of the file {str(relative)!r} in {root} is not UTF-8; rename it"
        ) from None
    real = Path(os.path.realpath(path)) if path.is_symlink() else path
    if path.is_symlink() and not (real.is_relative_to(root) and real.is_file()):
        raise errors.Invalid(
            f"{relative} is a link that leads to no file inside the model's folder {root}; put the "
            "file itself there ('cp -rL' copies a folder with what its links lead to)"
        )
    facts = real.stat()
    if not stat.S_ISREG(facts.st_mode):
        kind = KINDS.get(stat.S_IFMT(facts.st_mode), "special file")
        raise errors.Invalid(f"{relative} in {root} is no file but a {kind}; remove it")
    return FoundFile(relative, real, facts.st_size)


def _copy(file: FoundFile, target: Path) -> Iterator[int]:
    """Copy one file, saying how many bytes each step took."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # Without following or waiting: it may have become a link or a pipe since it was found.
    source = os.open(file.real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    copied = 0
    with os.fdopen(source, "rb", buffering=0) as reader, target.open("xb") as writer:
        while copied <= file.size and (chunk := reader.read(CHUNK)):
            writer.write(chunk)
            copied += len(chunk)
            yield len(chunk)
    if copied != file.size:
        raise errors.Failed(
            f"{file.real} changed while it was copied; import it when nothing writes to it"
        )


def _complain(exc: OSError) -> None:
    """What os.walk does with a folder it cannot list: silence is its default."""
    raise exc
