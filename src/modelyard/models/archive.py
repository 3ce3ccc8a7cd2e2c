"""Unpacking archives of strangers: nothing lands outside the target, nothing without end."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import shutil
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from modelyard import errors
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.models.tar_stream import open_tar

CHUNK = 2**20
FREE_MB = 100
"""Archives that unpack to less are not asked for their ratio."""

_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, UnicodeError, OverflowError, gzip.BadGzipFile),
)
_STREAMS: tuple[tuple[bytes, Callable[[BinaryIO], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)


class _Entry(NamedTuple):
    """One member of an archive; `refused` says why it cannot be unpacked."""

    name: str
    folder: bool
    refused: str
    open: Callable[[], Any]


@dataclass
class _Unpacking:
    """One archive on its way into a folder."""

    archive: Path
    target: Path
    limits: ArchiveSettings
    files: dict[str, bool] = field(default_factory=dict)
    """Paths so far; true for files, false for folders."""
    size: int = 0

    def take(self, entry: _Entry) -> None:
        """Unpack one member."""
        if entry.refused:
            raise self.refuse(f"{entry.name!r} is {entry.refused}")
        parts = self.parts(entry.name)
        if not parts:
            return
        self.claim(parts, folder=entry.folder)
        path = self.target.joinpath(*parts)
        if entry.folder:
            path.mkdir(parents=True, exist_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with entry.open() as source, path.open("xb") as copy:
            while data := source.read(CHUNK):
                self.count(len(data))
                copy.write(data)

    def parts(self, name: str) -> list[str]:
        """The parts of a member's path, if it stays inside."""
        plain = name.replace("\\", "/")
        if plain.startswith("/") or re.match(r"[A-Za-z]:", plain):
            raise self.refuse(f"{name!r} is an absolute path")
        parts = [part for part in plain.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise self.refuse(f"{name!r} leads out of the folder it is unpacked into")
        if any(unicodedata.category(letter) == "Cc" for letter in plain):
            raise self.refuse(f"{name!r} has control characters in its name")
        return [unicodedata.normalize("NFC", part) for part in parts]

    def claim(self, parts: list[str], *, folder: bool) -> None:
        """Note a path; nothing may be there twice, or be file and folder at once."""
        for depth in range(1, len(parts)):
            if self.files.setdefault("/".join(parts[:depth]), False):
                raise self.refuse(f"{'/'.join(parts[:depth])!r} is a file and a folder in it")
        path = "/".join(parts)
        known = self.files.get(path)
        if known is not None and not (folder and known is False):
            raise self.refuse(f"{path!r} is in it twice")
        self.files[path] = not folder
        if len(self.files) > self.limits.max_files:
            raise self.refuse(
                f"it holds more than {self.limits.max_files:,} files (setting archives.max_files)"
            )

    def count(self, size: int) -> None:
        """Note unpacked bytes."""
        self.size += size
        megabytes = self.size / 2**20
        if megabytes > self.limits.max_mb:
            raise self.refuse(
                f"it unpacks to more than {self.limits.max_mb:,} MiB (setting archives.max_mb)"
            )
        ratio = self.size / max(self.archive.stat().st_size, 1)
        if megabytes > FREE_MB and ratio > self.limits.max_ratio:
            raise self.refuse(
                f"it unpacks to more than {self.limits.max_ratio} times its size, as only a "
                "decompression bomb does (setting archives.max_ratio)"
            )

    def refuse(self, reason: str) -> errors.Invalid:
        """The error that says why."""
        return errors.Invalid(f"{self.archive} was not unpacked: {reason}")


def unpack(archive: Path, target: Path, limits: ArchiveSettings | None = None) -> None:
    """Unpack a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz into an empty folder.

    What it is, is read from its content. If it is refused, nothing stays in the folder.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no such archive, is damaged or encrypted, holds links, devices or paths that
            lead elsewhere, or unpacks to more than the limits allow.
        Failed: it cannot be read or written, such as on a full disk.
    """
    if not archive.is_file():
        raise errors.NotFound(f"there is no file {archive}")
    unpacking = _Unpacking(archive, target, limits or ArchiveSettings())
    target.mkdir(parents=True, exist_ok=True)
    try:
        with archive.open("rb") as file:
            for entry in _entries(archive, file):
                unpacking.take(entry)
    except BaseException as exc:
        _clear(target)
        if isinstance(exc, _DAMAGED) or (isinstance(exc, OSError) and exc.errno is None):
            raise unpacking.refuse(f"it is damaged ({exc})") from exc
        if isinstance(exc, OSError):
            raise errors.Failed(f"{archive} could not be unpacked: {exc}") from exc
        raise


def listed(archive: Path) -> list[str] | None:
    """The names of what is in an archive; None where only unpacking would tell them, as of a .tar.

    Raises:
        Invalid: it is no archive that can be unpacked.
    """
    with archive.open("rb") as file:
        if file.read(2) == b"PK" and zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as opened:
                return opened.namelist()
        file.seek(0)
        try:
            next(_entries(archive, file), None)
        except (*_DAMAGED, OSError) as exc:
            raise errors.Invalid(f"{archive} is damaged ({exc})") from exc
    return None


def _entries(archive: Path, file: BinaryIO) -> Iterator[_Entry]:
    head = file.read(512)
    file.seek(0)
    if head.startswith(b"PK") and zipfile.is_zipfile(file):
        yield from _zip_entries(file)
        return
    for magic, unpacked in _STREAMS:
        if head.startswith(magic):
            yield from _tar_entries(archive, unpacked(file))
            return
    yield from _tar_entries(archive, file)


def _zip_entries(file: BinaryIO) -> Iterator[_Entry]:
    with zipfile.ZipFile(file) as opened:
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            refused = "a link" if kind == stat.S_IFLNK else ""
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
                refused = "a device or pipe"
            if info.flag_bits & 0x1:
                refused = "encrypted; pack the model without a password"
            yield _Entry(info.filename, info.is_dir(), refused, _zip_opener(opened, info))


def _zip_opener(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], Any]:
    return lambda: opened.open(info)


def _tar_entries(archive: Path, file: BinaryIO) -> Iterator[_Entry]:
    try:
        opened = open_tar(file)
    except (tarfile.ReadError, *_DAMAGED, OSError) as exc:
        raise errors.Invalid(
            f"{archive} is no archive that can be unpacked; give a .zip, .tar or .tar.gz of a "
            "model's folder"
        ) from exc
    for info in opened:
        refused = "a link" if info.issym() or info.islnk() else ""
        if not (info.isreg() or info.isdir() or refused):
            refused = "a device or pipe"
        yield _Entry(info.name, info.isdir(), refused, _tar_opener(opened, info))


def _tar_opener(opened: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], Any]:
    return lambda: opened.extractfile(info)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
