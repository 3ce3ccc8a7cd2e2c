"""Archives and compressed streams: what is in them is looked into like any other file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO, cast

import pyarrow as pa
from picklescan.relaxed_zipfile import RelaxedZipFile

from modelyard.models.scan.items import DEEPEST, Desk, Item
from modelyard.models.scan.limits import GIB, MIB, Budget
from modelyard.models.tar_stream import open_tar
from modelyard.models.types import Finding

SPOOLED = 16 * MIB
MOST_COPIED = 4 * GIB
MOST_RATIO = 2_000
SMALL = 64 * MIB
"""Below this size no ratio is called a bomb."""

_UNREADABLE = (
    *(OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zlib.error, lzma.LZMAError),
    *(zipfile.BadZipFile, tarfile.TarError, pa.ArrowException),
)


class _Counted(io.RawIOBase):
    """A stream whose bytes count against the budget; `source` is closed with it."""

    def __init__(self, inner: BinaryIO, budget: Budget, source: BinaryIO | None) -> None:
        self._inner = inner
        self._budget = budget
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._inner.read(len(buffer))
        self._budget.spend_unpacked(len(data))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        if self._source is not None:
            self._source.close()
        super().close()


def counted(inner: BinaryIO, budget: Budget, source: BinaryIO | None = None) -> BinaryIO:
    """A buffered reader that counts what it reads against the budget."""
    return io.BufferedReader(_Counted(inner, budget, source), 64 * 1024)


class _Zlib(io.RawIOBase):
    """A bare zlib stream, as joblib writes it."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._unpack = zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes."""
        while not self._unpack.eof:
            data = self._unpack.unconsumed_tail or self._inner.read(64 * 1024)
            out = self._unpack.decompress(data, max(size, 1))
            if out:
                return out
            if not data:
                raise EOFError
        return b""


_Unpack = Callable[[BinaryIO], Any]
_STREAMS: tuple[tuple[bytes, str, _Unpack], ...] = (
    (b"\x1f\x8b", "gzip", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZ", "bzip2", bz2.BZ2File),
    (b"\xfd7zXZ", "xz", lzma.LZMAFile),
    (b"\x5d\x00", "lzma", lzma.LZMAFile),
    (b"\x04\x22\x4d\x18", "lz4", lambda file: pa.CompressedInputStream(file, "lz4")),
    (b"\x28\xb5\x2f\xfd", "zstd", lambda file: pa.CompressedInputStream(file, "zstd")),
    (b"\x78", "zlib", _Zlib),
)
_CLOSED = {
    b"7z\xbc\xaf\x27\x1c": "7z archive",
    b"Rar!\x1a\x07": "rar archive",
    b"ZF0x": "joblib file of an old format",
    b"\x89LZO": "lzo file",
    b"MSCF": "cabinet archive",
}


def inspect_container(item: Item, head: bytes, desk: Desk) -> Iterator[Finding] | None:
    """Look into an archive or compressed file; None if it is none."""
    for magic, kind in _CLOSED.items():
        if head.startswith(magic):
            return iter((item.finding("needs_review", kind, "it cannot be looked into"),))
    is_zip = head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))
    if is_zip or (item.depth == 0 and _ends_as_zip(item)):
        return _deeper(item, _zip(item, desk, first=is_zip))
    if head[257:262] == b"ustar":
        return _deeper(item, _tar(item, desk))
    for magic, kind, unpack in _STREAMS:
        if head.startswith(magic) and _unpacks(item, unpack):
            return _deeper(item, _stream(item, desk, kind, unpack))
    return None


def _deeper(item: Item, found: Iterator[Finding]) -> Iterator[Finding]:
    if item.depth >= DEEPEST:
        yield item.finding(
            "needs_review", "archives within archives", "it was not unpacked further"
        )
        return
    yield from found


def _ends_as_zip(item: Item) -> bool:
    with item.open() as file:
        return zipfile.is_zipfile(file)


def _unpacks(item: Item, unpack: _Unpack) -> bool:
    """Whether the first bytes are what the magic says; a text may begin with an x, too."""
    try:
        with item.open() as file:
            return bool(unpack(file).read(1))
    except _UNREADABLE:
        return False


def _stream(item: Item, desk: Desk, kind: str, unpack: _Unpack) -> Iterator[Finding]:
    def opened() -> BinaryIO:
        packed = item.open()
        return counted(unpack(packed), desk.budget, packed)

    inner = replace(item, path=f"{item.path}!{kind}", open=opened, depth=item.depth + 1)
    try:
        yield from desk.inspect(replace(inner, pickled=item.pickled), desk)
    except _UNREADABLE as exc:
        yield item.finding("needs_review", f"damaged {kind} file", str(exc))


def _zip(item: Item, desk: Desk, *, first: bool) -> Iterator[Finding]:
    if not first:
        yield item.finding("needs_review", "two formats in one file", "it ends as a zip archive")
    with tempfile.SpooledTemporaryFile(SPOOLED) as copy, item.open() as file:
        source = cast(BinaryIO, copy if item.depth else file)
        try:
            if item.depth:
                _copy(file, source)
            with RelaxedZipFile(source) as archive:
                yield from _members(item, desk, archive)
        except _UNREADABLE as exc:
            yield item.finding("needs_review", "damaged zip archive", str(exc))


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    left = MOST_COPIED
    while data := source.read(MIB):
        left -= len(data)
        if left < 0:
            raise ValueError("it is too large to be looked into inside an archive")
        target.write(data)


def _members(item: Item, desk: Desk, archive: zipfile.ZipFile) -> Iterator[Finding]:
    members = [info for info in archive.infolist() if not info.is_dir()]
    names = [info.filename for info in members]
    yield from _shape(item, archive, names)
    torch = any(name.endswith("/data.pkl") or name == "data.pkl" for name in names)
    if any(name.endswith(".py") and "/code/" in f"/{name}" for name in names) and torch:
        yield item.finding(
            "needs_review", "TorchScript code", "the archive holds compiled functions"
        )
    for info in members:
        packed = max(info.compress_size, 1)
        if info.file_size > SMALL and info.file_size / packed > MOST_RATIO:
            unpacks = f"{info.filename} unpacks to {info.file_size:,} bytes from {packed:,}"
            yield item.finding("dangerous", "zip bomb", unpacks)
            continue
        yield from _member(item, desk, archive, info, tensors=torch)


def _shape(item: Item, archive: zipfile.ZipFile, names: list[str]) -> Iterator[Finding]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        yield item.finding("needs_review", "files of the same name in an archive", ", ".join(twice))
    if b"PK\x05\x06" in archive.comment or b"PK\x01\x02" in archive.comment:
        yield item.finding("needs_review", "two archives in one file", "readers see different ones")


def _member(
    item: Item, desk: Desk, archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, tensors: bool
) -> Iterator[Finding]:
    def opened() -> BinaryIO:
        return counted(cast(BinaryIO, archive.open(info)), desk.budget)

    path = f"{item.path}!{info.filename}"
    inner = Item(path, opened, depth=item.depth + 1, tensors=tensors, pickled=_pickle_name(path))
    if info.flag_bits & 0x1:
        # Some loaders ignore the mark, and so does this reader.
        yield inner.finding("needs_review", "file marked as encrypted", "if it is, it is not read")
    try:
        yield from desk.inspect(inner, desk)
    except _UNREADABLE as exc:
        yield inner.finding("needs_review", "damaged file in an archive", str(exc))


def _tar(item: Item, desk: Desk) -> Iterator[Finding]:
    try:
        with item.open() as file, open_tar(file) as archive:
            for info in archive:
                inside = archive.extractfile(info) if info.isfile() else None
                if inside is None:
                    continue
                with tempfile.SpooledTemporaryFile(SPOOLED) as copy:
                    kept = cast(BinaryIO, copy)
                    _copy(counted(cast(BinaryIO, inside), desk.budget), kept)
                    yield from desk.inspect(_tar_member(item, info.name, kept), desk)
    except _UNREADABLE as exc:
        yield item.finding("needs_review", "damaged tar archive", str(exc))


def _tar_member(item: Item, name: str, kept: BinaryIO) -> Item:
    def opened() -> BinaryIO:
        kept.seek(0)
        return cast(BinaryIO, _Borrowed(kept))

    path = f"{item.path}!{name}"
    return Item(path, opened, depth=item.depth + 1, pickled=_pickle_name(path))


class _Borrowed(io.BufferedIOBase):
    """A reader of somebody else's file, which stays open."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _pickle_name(path: str) -> bool:
    return path.lower().endswith(PICKLE_NAMES)


PICKLE_NAMES = (".pkl", ".pickle", ".p", ".pck", ".pcl", ".joblib", ".dill", ".cloudpickle")
"""Files of these names are pickles, and broken ones if they cannot be read as such."""
