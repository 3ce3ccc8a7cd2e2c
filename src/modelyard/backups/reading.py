"""Reading a backup: first all of it, to see that it is whole; then what is in it."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic import ValidationError
from pydantic_core import from_json

from modelyard import errors
from modelyard.archives.reading import DAMAGES, METHODS
from modelyard.backups.manifest import (
    ARTIFACTS,
    FILES,
    FORMAT,
    KIND,
    MANIFEST,
    Manifest,
    Member,
    require_lawful,
    rows_of,
)
from modelyard.backups.rows import lines
from modelyard.backups.types import BackupContent
from modelyard.backups.writing import blocks
from modelyard.kernel.faults import located
from modelyard.kernel.progress import Progress
from modelyard.store.database import known_revisions
from modelyard.store.migrations import HEAD

LONGEST_MANIFEST = 1 << 30


class ReadArchive:
    """A backup that is open; `size` is that of its file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._zip = zipfile.ZipFile(file)
        self.size = size
        self._infos = {info.filename: info for info in self._zip.infolist()}
        self._require_plain()
        with self.content(MANIFEST) as source:
            self._described = source.read(LONGEST_MANIFEST)
        self.manifest = _manifest_in(self._described)
        self._require_complete()

    @property
    def digest(self) -> str:
        """The sha256 of its table of contents, which holds those of all that is in it."""
        return hashlib.sha256(self._described).hexdigest()

    def content(self, name: str) -> BinaryIO:
        """A member's content."""
        if name not in self._infos:
            raise errors.Invalid(f"{name} is missing")
        return cast("BinaryIO", self._zip.open(self._infos[name]))

    def unpack(self, member: Member, write: Callable[[bytes], Any]) -> None:
        """Give a member's content away, part by part.

        Raises:
            Invalid: it is not what the table of contents says.
        """
        found, size = hashlib.sha256(), 0
        with self.content(member.name) as source:
            for part in blocks(source):
                size += len(part)
                if size > member.size:
                    break
                found.update(part)
                write(part)
        if (size, found.hexdigest()) != (member.size, member.sha256):
            raise errors.Invalid(f"{member.name} is damaged: it is not what was written")

    def verify(self, progress: Progress) -> None:
        """Read everything.

        Raises:
            Invalid: something is damaged.
        """
        whole, done = self.manifest.content or 1, 0
        for member in self.manifest.members:
            progress("verifying the backup", fraction=done / whole)
            self.unpack(member, lambda _: None)
            done += member.size
        for table in self.manifest.tables:
            with self.content(rows_of(table.name)) as source:
                if sum(1 for _ in lines(source)) != table.rows:
                    raise errors.Invalid(f"{rows_of(table.name)} has not the {table.rows} rows")

    def described(self) -> BackupContent:
        """What is in it, for people."""
        told = self.manifest
        return BackupContent(
            created=told.created,
            modelyard=told.modelyard,
            revision=told.revision,
            rows=told.rows,
            artifacts=len(told.below(ARTIFACTS)),
            files=len(told.below(FILES)),
            content_bytes=told.content,
            size=self.size,
            skipped=len(told.skipped),
            left_out=told.left_out,
        )

    def _require_plain(self) -> None:
        """Refuse what only somebody with bad intentions packs."""
        infos = self._zip.infolist()
        if len(infos) != len(self._infos):
            raise errors.Invalid("it holds two members of one name")
        if sum(info.compress_size for info in infos) > self.size:
            raise errors.Invalid("its members overlap, as only those of a decompression bomb do")
        for info in infos:
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG) or info.compress_type not in METHODS:
                raise errors.Invalid(f"{info.filename!r} is a link, or packed as no backup is")
            if info.flag_bits & 0x1:
                raise errors.Invalid(f"{info.filename!r} is encrypted")

    def _require_complete(self) -> None:
        """Compare what there is with what the table of contents says."""
        members = self.manifest.members
        require_lawful(members, self.manifest.tables)
        names = {member.name for member in members}
        there = self._infos.keys() - {MANIFEST}
        if len(names) != len(members):
            raise errors.Invalid("its table of contents names a member twice")
        if missing := names - there:
            raise errors.Invalid(f"{min(missing)} is missing")
        if more := there - names:
            raise errors.Invalid(f"it holds {min(more)!r}, which its table of contents does not")
        for member in members:
            if self._infos[member.name].file_size != member.size:
                raise errors.Invalid(f"{member.name} is damaged: its size is another")


@contextmanager
def opened(path: Path, progress: Progress) -> Iterator[ReadArchive]:
    """Open a backup, and read all of it, so that what is in it can be relied on.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no backup, or is damaged.
        Conflict: a newer Modelyard wrote it.
        Failed: it cannot be read.
    """
    if not path.is_file():
        raise errors.NotFound(f"there is no file {path}")
    with path.open("rb") as file:
        with _in_words(path):
            if not zipfile.is_zipfile(file):
                raise errors.Invalid("it is no backup, or was cut off")
            archive = ReadArchive(file, path.stat().st_size)
            archive.verify(progress)
        yield archive


def check(path: Path, progress: Progress) -> BackupContent:
    """Read a whole backup, and say what is in it; errors as in `opened`."""
    with opened(path, progress) as archive:
        return archive.described()


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Say in a sentence what is wrong with a backup."""
    try:
        yield
    except errors.ModelyardError as exc:
        raise type(exc)(f"{path} cannot be restored: {exc.detail}", **exc.context) from exc
    except DAMAGES as exc:
        raise errors.Invalid(f"{path} cannot be restored: it is damaged ({exc})") from exc
    except OSError as exc:
        raise errors.Failed(f"{path} cannot be read: {exc.strerror or exc}") from exc


def _manifest_in(text: bytes) -> Manifest:
    try:
        told: Any = from_json(text)
        kind, version, by = told["kind"], int(told["format"]), told["modelyard"]
    except (ValueError, KeyError, TypeError) as exc:
        raise errors.Invalid("it is no backup: its table of contents cannot be read") from exc
    if kind == KIND and version > FORMAT:
        raise errors.Conflict(f"Modelyard {by} wrote this backup; upgrade modelyard to restore it")
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as exc:
        fault = located(exc.errors(include_url=False)[0])
        raise errors.Invalid(f"its table of contents is wrong: {fault}") from exc
    if manifest.revision > HEAD:
        raise errors.Conflict(
            f"Modelyard {by} wrote this backup, whose tables are of revision {manifest.revision}; "
            f"this one knows {HEAD} and older ones: upgrade modelyard to restore it"
        )
    if manifest.revision not in known_revisions():
        raise errors.Invalid(f"its tables are of a revision {manifest.revision!r} that never was")
    return manifest
