"""Bytes by their sha256: a folder on this machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from modelyard import errors


class LocalArtifacts:
    """An artifact store in a folder: `ab/cdef…` holds the content whose digest is `abcdef…`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, file: Path, *, move: bool = False) -> str:
        """Keep the content of a local file and give back its digest; the same content is kept once.

        With `move` the file is given away: it is gone afterwards.

        Raises:
            Failed: the disk is full, or the store cannot be written.
        """
        digest = digest_of(file)
        target = self._path(digest)
        if target.exists():
            if move:
                file.unlink()
            return digest
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if move and file.stat().st_dev == target.parent.stat().st_dev:
                _flush(file)
                file.replace(target)
            else:
                self._copy_in(file, target)
                if move:
                    file.unlink()
        except OSError as exc:
            raise errors.Failed(f"cannot keep {file.name} in the artifact store: {exc}") from exc
        _flush(target.parent)
        return digest

    def _copy_in(self, file: Path, target: Path) -> None:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as out, file.open("rb") as source:
                shutil.copyfileobj(source, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def open(self, digest: str) -> BinaryIO:
        """Read an artifact; NotFound if it is not here."""
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError as exc:
            raise errors.NotFound(
                f"artifact {digest} is not in the store {self._folder}; restore it from a backup"
            ) from exc

    def save(self, digest: str, target: Path) -> None:
        """Copy an artifact to a local file, checking its digest; Failed if it is damaged."""
        found = hashlib.sha256()
        with self.open(digest) as source, target.open("wb") as out:
            while block := source.read(1 << 20):
                found.update(block)
                out.write(block)
        if found.hexdigest() != digest:
            target.unlink()
            raise errors.Failed(
                f"artifact {digest} in {self._folder} is damaged; restore it from a backup"
            )

    def has(self, digest: str) -> bool:
        """Say whether the artifact is here."""
        return self._path(digest).exists()

    def remove(self, digests: Iterable[str]) -> None:
        """Forget artifacts; those that are not here are passed over."""
        for digest in digests:
            self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


def digest_of(file: Path) -> str:
    """The sha256 of a file's content, as 64 hex digits."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
