"""Writing an archive: one zip file, of which the same content makes the same bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Self, TypeVar

from modelyard import errors
from modelyard.archives.paths import require_apart, require_path
from modelyard.archives.signing import SigningKey
from modelyard.archives.types import MANIFEST, SIGNATURE, ArchivedFile
from modelyard.kernel.values import Value

T = TypeVar("T", bound=Value)

BLOCK = 1 << 20
QUICK = 1
"""How hard deflate tries: the files of models shrink little, whatever it does."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o100644 << 16
NONE: Mapping[str, str] = MappingProxyType({})

Content = bytes | Path | Callable[[], BinaryIO]
"""What is in a file: its bytes, a file that holds them, or what opens them."""


def write_archive(
    target: Path,
    what: str,
    describe: Callable[[tuple[ArchivedFile, ...]], T],
    contents: Mapping[str, Content],
    *,
    digests: Mapping[str, str] = NONE,
    as_they_are: str | None = None,
    key: SigningKey | None = None,
    written: Callable[[int], object] = int,
) -> T:
    """Write an archive, and give back its manifest.

    Args:
        target: the file, which must not be there yet; where it fails, none is left.
        what: it is, in a message: a package, a bundle.
        describe: makes the manifest of all files in the order of their paths.
        contents: every file by its path; a part of it is in memory at a time.
        digests: what the sha256 of some of the files has to be, by path.
        as_they_are: where the paths of files begin that are not compressed; None: all are.
        key: that signs it; None: nobody does.
        written: hears of bytes as they are packed.

    Raises:
        Invalid: a path is none that an archive may hold.
        Failed: the disk is full, or a content cannot be read or has another digest.
    """
    for path in contents:
        require_path(path)
    require_apart(contents.keys() | {MANIFEST, SIGNATURE})
    try:
        with target.open("xb") as file, _Zip(file, written, as_they_are) as packed:
            files = packed.all(contents, digests)
            manifest = describe(files)
            packed.describe(manifest, key)
            return manifest
    except BaseException as exc:
        if not isinstance(exc, FileExistsError):
            target.unlink(missing_ok=True)
        if isinstance(exc, OSError):
            raise errors.Failed(f"the {what} cannot be written: {exc.strerror or exc}") from exc
        raise


def manifest_bytes(manifest: Value) -> bytes:
    """What is written of a manifest, and signed."""
    return f"{manifest.model_dump_json(indent=1)}\n".encode()


class _Zip:
    """The archive while it is written."""

    def __init__(
        self, file: BinaryIO, written: Callable[[int], object], as_they_are: str | None
    ) -> None:
        self._as_they_are = as_they_are
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK)
        self._written = written

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def all(
        self, contents: Mapping[str, Content], digests: Mapping[str, str]
    ) -> tuple[ArchivedFile, ...]:
        """Write the files in the order of their paths."""
        files = tuple(self.add(path, contents[path]) for path in sorted(contents))
        for file in files:
            if digests.get(file.path, file.sha256) != file.sha256:
                raise errors.Failed(f"{file.path} is damaged: it is not what was kept of it")
        return files

    def describe(self, manifest: Value, key: SigningKey | None) -> None:
        """Write what tells of the files, and who says so."""
        text = manifest_bytes(manifest)
        self.add(MANIFEST, text)
        if key is not None:
            self.add(SIGNATURE, manifest_bytes(key.sign(text)))

    def add(self, path: str, content: Content) -> ArchivedFile:
        """Write one file."""
        info = zipfile.ZipInfo(path, LONG_AGO)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, PLAIN_FILE
        if self._as_they_are is not None and path.startswith(self._as_they_are):
            info.compress_type = zipfile.ZIP_STORED
        info.create_system = 3  # Unix, on whatever system it is written
        # It does not get that of the archive, and Python 3.11 has no public name for it.
        info._compresslevel = QUICK  # type: ignore[attr-defined]
        found, size = hashlib.sha256(), 0
        with _opened(content) as source, self._zip.open(info, "w", force_zip64=True) as out:
            while part := source.read(BLOCK):
                found.update(part)
                size += len(part)
                out.write(part)
                self._written(len(part))
        return ArchivedFile(path=path, sha256=found.hexdigest(), size=size)


def _opened(content: Content) -> BinaryIO:
    if isinstance(content, bytes):
        return io.BytesIO(content)
    return content.open("rb") if isinstance(content, Path) else content()
