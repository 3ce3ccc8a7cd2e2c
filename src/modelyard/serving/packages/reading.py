"""Reading a package: nothing of it is used before all of it was seen to be what was written."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic import ValidationError
from pydantic_core import from_json

from modelyard import errors
from modelyard.kernel.faults import located
from modelyard.kernel.settings import ArchiveSettings
from modelyard.serving.packages.paths import require_apart, require_path
from modelyard.serving.packages.signing import ANYBODY, TrustedKeys, signature_in
from modelyard.serving.packages.types import (
    FORMAT,
    MANIFEST,
    SIGNATURE,
    Manifest,
    PackagedFile,
    Signature,
)

BLOCK = 1 << 20
LONGEST_MANIFEST = 64 << 20
LONGEST_SIGNATURE = 10_000
FREE_MB = 100
"""Packages that unpack to less are not asked for their ratio."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, OverflowError),
)
"""What reading a damaged archive raises."""


class OpenPackage:
    """A package whose list of files was read and compared with its manifest."""

    def __init__(self, file: BinaryIO, size: int, limits: ArchiveSettings) -> None:
        self._zip = zipfile.ZipFile(file)
        self._infos = {info.filename: info for info in self._zip.infolist()}
        self._require_plain(size, limits)
        self.described = self._short(MANIFEST, LONGEST_MANIFEST)
        self.manifest = manifest_in(self.described)
        self.signed = SIGNATURE in self._infos and self._short(SIGNATURE, LONGEST_SIGNATURE)
        self.signature: Signature | None = signature_in(self.signed) if self.signed else None
        self._require_complete(size, limits)

    @property
    def digest(self) -> str:
        """The sha256 of its manifest, which holds those of all that is in it."""
        return hashlib.sha256(self.described).hexdigest()

    def copy(self, file: PackagedFile, write: Callable[[bytes], Any]) -> None:
        """Give the content of a file away, part by part.

        Raises:
            Invalid: it is not what the manifest says.
        """
        found, size = hashlib.sha256(), 0
        with self._zip.open(self._infos[file.path]) as source:
            while part := source.read(BLOCK):
                size += len(part)
                if size > file.size:
                    break
                found.update(part)
                write(part)
        if (size, found.hexdigest()) != (file.size, file.sha256):
            raise errors.Invalid(f"{file.path} is damaged: it is not what was written")

    def _short(self, name: str, longest: int) -> bytes:
        if name not in self._infos:
            raise errors.Invalid(f"it is no package of a service: {name} is missing")
        with cast("BinaryIO", self._zip.open(self._infos[name])) as source:
            text = source.read(longest + 1)
        if len(text) > longest:
            raise errors.Invalid(f"{name} is longer than that of any package")
        return text

    def _require_plain(self, size: int, limits: ArchiveSettings) -> None:
        """Refuse what only somebody with bad intentions packs."""
        infos = self._zip.infolist()
        if len(infos) != len(self._infos):
            raise errors.Invalid("it holds two files of one name")
        if len(infos) > limits.max_files:
            raise errors.Invalid(
                f"it holds more than {limits.max_files:,} files (setting archives.max_files)"
            )
        if sum(info.compress_size for info in infos) > size:
            raise errors.Invalid("its files overlap, as only those of a decompression bomb do")
        for info in infos:
            require_path(info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG) or info.is_dir():
                raise errors.Invalid(f"{info.filename!r} is a link, or something else but a file")
            if info.flag_bits & 0x1 or info.compress_type not in METHODS:
                raise errors.Invalid(f"{info.filename!r} is packed as in no package")
        require_apart(self._infos)

    def _require_complete(self, size: int, limits: ArchiveSettings) -> None:
        """Compare the files that there are with those that the manifest tells of."""
        told = {file.path for file in self.manifest.files}
        there = self._infos.keys() - {MANIFEST, SIGNATURE}
        if missing := told - there:
            raise errors.Invalid(f"{min(missing)} is missing")
        if more := there - told:
            raise errors.Invalid(f"it holds {min(more)!r}, which its manifest does not tell of")
        for file in self.manifest.files:
            if self._infos[file.path].file_size != file.size:
                raise errors.Invalid(f"{file.path} is damaged: its size is another")
        whole = sum(file.size for file in self.manifest.files)
        if whole > limits.max_mb << 20:
            raise errors.Invalid(
                f"it unpacks to more than {limits.max_mb:,} MiB (setting archives.max_mb)"
            )
        if whole > FREE_MB << 20 and whole > limits.max_ratio * size:
            raise errors.Invalid(
                f"it unpacks to more than {limits.max_ratio} times its size, as only a "
                "decompression bomb does (setting archives.max_ratio)"
            )


@contextmanager
def opened(path: Path, limits: ArchiveSettings | None = None) -> Iterator[OpenPackage]:
    """Open a package; its files are compared with what its manifest says as they are read.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no package, or is damaged.
        Conflict: a newer Modelyard wrote it.
        Failed: it cannot be read.
    """
    if not path.is_file():
        raise errors.NotFound(f"there is no file {path}")
    with _in_words(path), path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise errors.Invalid("it is no package of a service, or was cut off")
        yield OpenPackage(file, path.stat().st_size, limits or ArchiveSettings())


def open_package(
    path: Path, *, trusted: TrustedKeys = ANYBODY, limits: ArchiveSettings | None = None
) -> Manifest:
    """Read all of a package, and say what is in it; errors as in `unpack`."""
    with opened(path, limits) as package:
        trusted.check(package.described, package.signature)
        for file in package.manifest.files:
            package.copy(file, len)
        return package.manifest


def unpack(
    path: Path,
    folder: Path,
    *,
    trusted: TrustedKeys = ANYBODY,
    limits: ArchiveSettings | None = None,
) -> Manifest:
    """Unpack a package into a new folder, which is there when it is whole, and not before.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no package, is damaged, or its signature is not that of its content.
        Conflict: a newer Modelyard wrote it, or the folder is there already.
        Blocked: nobody signed it who is trusted.
        Failed: it cannot be read, or the folder cannot be written, such as on a full disk.
    """
    if folder.exists():
        raise errors.Conflict(f"{folder} is there already")
    fresh = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.partial")
    try:
        with opened(path, limits) as package:
            trusted.check(package.described, package.signature)
            fresh.mkdir(parents=True)
            for file in package.manifest.files:
                with _new(fresh / file.path) as out:
                    package.copy(file, out.write)
            for name, text in ((MANIFEST, package.described), (SIGNATURE, package.signed)):
                if text:
                    with _new(fresh / name) as out:
                        out.write(text)
            _flush(fresh)
            if folder.exists():
                raise errors.Conflict(f"{folder} is there by now")
            fresh.rename(folder)
            _flush(folder.parent)
            return package.manifest
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_folder(folder: Path) -> Manifest:
    """What is in an unpacked package.

    Raises:
        NotFound: there is none.
        Invalid: files of it are missing, or are of another size.
        Conflict: a newer Modelyard wrote it.
        Failed: it cannot be read.
    """
    if not (folder / MANIFEST).is_file():
        raise errors.NotFound(f"there is no package in {folder}")
    with _in_words(folder):
        manifest = manifest_in((folder / MANIFEST).read_bytes())
        for file in manifest.files:
            place = folder / file.path
            if not place.is_file() or place.stat().st_size != file.size:
                raise errors.Invalid(f"{file.path} is missing or damaged")
    return manifest


def manifest_in(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        Invalid: it is none.
        Conflict: a newer Modelyard wrote it.
    """
    try:
        told: Any = from_json(text)
        version, by = int(told["format"]), str(told["made_with"])[:100]
    except (ValueError, KeyError, TypeError, OverflowError) as exc:
        raise errors.Invalid(f"it is no package of a service: {MANIFEST} cannot be read") from exc
    if version > FORMAT:
        raise errors.Conflict(f"Modelyard {by} wrote it; upgrade modelyard to use it")
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as exc:
        fault = located(exc.errors(include_url=False)[0])
        raise errors.Invalid(f"its manifest is wrong: {fault}") from exc


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Say in a sentence what is wrong with a package."""
    try:
        yield
    except errors.ModelyardError as exc:
        raise type(exc)(f"{path} cannot be used: {exc.detail}", **exc.context) from exc
    except DAMAGES as exc:
        raise errors.Invalid(f"{path} cannot be used: it is damaged ({exc})") from exc
    except OSError as exc:
        raise errors.Failed(f"{path} cannot be unpacked: {exc.strerror or exc}") from exc


@contextmanager
def _new(path: Path) -> Iterator[BinaryIO]:
    """A new file, which is on the disk when the block has ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
