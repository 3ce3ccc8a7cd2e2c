"""Reading an archive: nothing of it is used before it was seen to be what was written."""

from __future__ import annotations

import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import from_json

from modelyard import errors
from modelyard.archives.paths import require_apart, require_path
from modelyard.archives.signing import signature_in
from modelyard.archives.types import MANIFEST, SIGNATURE, ArchivedFile, Signature
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.kernel.faults import located
from modelyard.kernel.values import Value

T = TypeVar("T", bound=Value)

BLOCK = 1 << 20
LONGEST_MANIFEST = 64 << 20
LONGEST_SIGNATURE = 10_000
FREE_MB = 100
"""Archives that unpack to less are not asked for their ratio."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, OverflowError),
)
"""What reading a damaged archive raises."""


class ReadArchive:
    """An archive whose list of files was read; `what` it is, in messages: such as a bundle.

    Attributes:
        described: the bytes of its manifest, which tells of every other file.
        signed: the bytes of its signature, empty if there is none.
        signature: what they say.
    """

    def __init__(self, file: BinaryIO, size: int, limits: ArchiveSettings, what: str) -> None:
        self._zip = zipfile.ZipFile(file)
        self._size, self._limits, self._what = size, limits, what
        self._infos = {info.filename: info for info in self._zip.infolist()}
        self._require_plain()
        self.described = self._short(MANIFEST, LONGEST_MANIFEST)
        self.signed = self._short(SIGNATURE, LONGEST_SIGNATURE) if SIGNATURE in self._infos else b""
        self.signature: Signature | None = signature_in(self.signed) if self.signed else None

    @property
    def digest(self) -> str:
        """The sha256 of its manifest, which holds those of all that is in it."""
        return hashlib.sha256(self.described).hexdigest()

    def copy(self, file: ArchivedFile, write: Callable[[bytes], Any]) -> None:
        """Give the content of a file away, part by part.

        Raises:
            Invalid: it is not what the manifest says.
        """
        found, size = hashlib.sha256(), 0
        with self.content(file.path) as source:
            while part := source.read(BLOCK):
                size += len(part)
                if size > file.size:
                    break
                found.update(part)
                write(part)
        if (size, found.hexdigest()) != (file.size, file.sha256):
            raise errors.Invalid(f"{file.path} is damaged: it is not what was written")

    def has(self, path: str) -> bool:
        """Whether it holds a file."""
        return path in self._infos

    def content(self, path: str) -> BinaryIO:
        """The content of a file, which is compared with nothing."""
        return cast("BinaryIO", self._zip.open(self._infos[path]))

    def _short(self, name: str, longest: int) -> bytes:
        if name not in self._infos:
            raise errors.Invalid(f"it is no {self._what}: {name} is missing")
        with self.content(name) as source:
            text = source.read(longest + 1)
        if len(text) > longest:
            raise errors.Invalid(f"{name} is longer than that of any {self._what}")
        return text

    def _require_plain(self) -> None:
        """Refuse what only somebody with bad intentions packs."""
        infos = self._zip.infolist()
        if len(infos) != len(self._infos):
            raise errors.Invalid("it holds two files of one name")
        if len(infos) > self._limits.max_files:
            raise errors.Invalid(
                f"it holds more than {self._limits.max_files:,} files (setting archives.max_files)"
            )
        if sum(info.compress_size for info in infos) > self._size:
            raise errors.Invalid("its files overlap, as only those of a decompression bomb do")
        for info in infos:
            require_path(info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG) or info.is_dir():
                raise errors.Invalid(f"{info.filename!r} is a link, or something else but a file")
            if info.flag_bits & 0x1 or info.compress_type not in METHODS:
                raise errors.Invalid(f"{info.filename!r} is packed as in no {self._what}")
        require_apart(self._infos)

    def require_complete(self, files: Iterable[ArchivedFile]) -> None:
        """Compare the files that there are with those that the manifest tells of.

        Raises:
            Invalid: they differ, or there is more than an archive may hold.
        """
        sizes = {file.path: file.size for file in files}
        there = self._infos.keys() - {MANIFEST, SIGNATURE}
        if missing := sizes.keys() - there:
            raise errors.Invalid(f"{min(missing)} is missing")
        if more := there - sizes.keys():
            raise errors.Invalid(f"it holds {min(more)!r}, which its manifest does not tell of")
        for path, size in sizes.items():
            if self._infos[path].file_size != size:
                raise errors.Invalid(f"{path} is damaged: its size is another")
        whole, limits = sum(sizes.values()), self._limits
        if whole > limits.max_mb << 20:
            raise errors.Invalid(
                f"it unpacks to more than {limits.max_mb:,} MiB (setting archives.max_mb)"
            )
        if whole > FREE_MB << 20 and whole > limits.max_ratio * self._size:
            raise errors.Invalid(
                f"it unpacks to more than {limits.max_ratio} times its size, as only a "
                "decompression bomb does (setting archives.max_ratio)"
            )


def read_manifest(text: bytes, kind: type[T], what: str, newest: int) -> T:
    """Read a manifest; `newest` is the format that is known here.

    Raises:
        Invalid: it is none.
        Conflict: a newer Modelyard wrote it.
    """
    try:
        told: Any = from_json(text)
        version, by = int(told["format"]), str(told["made_with"])[:100]
    except (ValueError, KeyError, TypeError, OverflowError) as exc:
        raise errors.Invalid(f"it is no {what}: {MANIFEST} cannot be read") from exc
    if version > newest:
        raise errors.Conflict(f"Modelyard {by} wrote it; upgrade modelyard to use it")
    try:
        return kind.model_validate_json(text)
    except ValidationError as exc:
        fault = located(exc.errors(include_url=False)[0])
        raise errors.Invalid(f"its manifest is wrong: {fault}") from exc


@contextmanager
def opened_file(path: Path, what: str, called: str = "") -> Iterator[tuple[BinaryIO, int]]:
    """Open a file that is to be an archive; gives it with its size in bytes.

    `called` is what messages call it that came here from elsewhere  [by its path].

    Raises:
        NotFound: there is no such file.
        Invalid: it is no archive, or what is done with it shows that it is damaged.
        Failed: it cannot be read.
    """
    if not path.is_file():
        raise errors.NotFound(f"there is no file {path}")
    with in_words(called or path), path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise errors.Invalid(f"it is no {what}, or was cut off")
        yield file, path.stat().st_size


@contextmanager
def in_words(path: Path | str) -> Iterator[None]:
    """Say in a sentence what is wrong with an archive."""
    try:
        yield
    except errors.ModelyardError as exc:
        raise type(exc)(f"{path} cannot be used: {exc.detail}", **exc.context) from exc
    except DAMAGES as exc:
        raise errors.Invalid(f"{path} cannot be used: it is damaged ({exc})") from exc
    except OSError as exc:
        raise errors.Failed(f"{path} cannot be unpacked: {exc.strerror or exc}") from exc
