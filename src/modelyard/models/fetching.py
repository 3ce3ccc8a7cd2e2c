"""A version's files on their way out: the beginning of one as text, one as it is, all in a .zip."""

from __future__ import annotations

import codecs
import hashlib
import zipfile
from pathlib import Path

from modelyard import errors
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.models.types import ModelVersion, StoredFile, VersionArchive, VersionFileText
from modelyard.store.handing import appearing

LONGEST_TEXT = 256 << 10
"""Bytes of a file that are shown as text."""
BLOCK = 1 << 20
QUICKLY = 1
"""Level of compression: whoever fetches an archive waits for it."""


def begin_of(context: Context, version: ModelVersion, path: str) -> VersionFileText:
    """The beginning of a file as text.

    Raises:
        NotFound: the version has no such file.
        Unsupported: it is no UTF-8 text.
    """
    file = _file(version, path)
    with context.artifacts.open(file.sha256) as source:
        begin = source.read(LONGEST_TEXT)
    is_whole = len(begin) == file.size
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(begin, final=is_whole)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise errors.Unsupported(f"{path} is no text; fetch it with 'modelyard versions get'")
    return VersionFileText(
        path=file.path,
        size=file.size,
        sha256=file.sha256,
        text=text,
        left_out=file.size - len(text.encode()),
    )


def fetch_file(
    context: Context, version: ModelVersion, path: str, to: str, *, replace: bool
) -> StoredFile:
    """Copy a file to a place of the caller's, where it appears whole.

    Raises:
        NotFound: the version has no such file.
        Conflict: there is something at that place.
        Failed: it cannot be written there, or is damaged.
    """
    file = _file(version, path)
    with appearing(context, to, replace=replace) as partial:
        context.artifacts.save(file.sha256, partial)
    return file


def fetch_archive(
    context: Context, version: ModelVersion, to: str, *, replace: bool
) -> VersionArchive:
    """Pack all files into a .zip of the caller's; raises as `fetch_file` does."""
    with appearing(context, to, replace=replace) as partial:
        pack(context, version, partial)
        size = partial.stat().st_size
    return VersionArchive(size=size, files=len(version.files), digest=version.digest)


def pack(context: Context, version: ModelVersion, target: Path) -> None:
    """Write a version's files into a new .zip, a block at a time, checking their digests.

    The same version always gives the same bytes.

    Raises:
        Failed: an artifact is damaged.
        OSError: it cannot be written.
    """
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED, compresslevel=QUICKLY) as archive:
        for file in version.files:
            found = hashlib.sha256()
            large = file.size >= zipfile.ZIP64_LIMIT
            with (
                context.artifacts.open(file.sha256) as source,
                archive.open(file.path, "w", force_zip64=large) as out,
            ):
                while block := source.read(BLOCK):
                    found.update(block)
                    out.write(block)
            if found.hexdigest() != file.sha256:
                raise errors.Failed(f"{file.path} is damaged; restore it from a backup")


def _file(version: ModelVersion, path: str) -> StoredFile:
    found = next((each for each in version.files if each.path == path), None)
    if found is None:
        known = ", ".join(each.path for each in version.files[:20])
        raise errors.NotFound(
            f"version {version.version!r} of {version.model!r} has no file "
            f"{paths.shortened(path)}; there are: {known}"
        )
    return found
