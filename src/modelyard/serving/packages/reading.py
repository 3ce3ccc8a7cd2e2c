"""Reading a package: nothing of it is used before all of it was seen to be what was written."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from modelyard import errors
from modelyard.archives.reading import ReadArchive, in_words, opened_file, read_manifest
from modelyard.archives.signing import ANYBODY, TrustedKeys
from modelyard.archives.types import MANIFEST, SIGNATURE
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.serving.packages.types import FORMAT, Manifest

WHAT = "package of a service"


class OpenPackage(ReadArchive):
    """A package whose list of files was read and compared with its manifest."""

    def __init__(self, file: BinaryIO, size: int, limits: ArchiveSettings) -> None:
        super().__init__(file, size, limits, WHAT)
        self.manifest = manifest_in(self.described)
        self.require_complete(self.manifest.files)


@contextmanager
def opened(path: Path, limits: ArchiveSettings | None = None) -> Iterator[OpenPackage]:
    """Open a package; its files are compared with what its manifest says as they are read.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no package, or is damaged.
        Conflict: a newer Modelyard wrote it.
        Failed: it cannot be read.
    """
    with opened_file(path, WHAT) as (file, size):
        yield OpenPackage(file, size, limits or ArchiveSettings())


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
    with in_words(folder):
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
    return read_manifest(text, Manifest, WHAT, FORMAT)


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
