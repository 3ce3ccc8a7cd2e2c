"""Reading a bundle: nothing of it is used before all of it was seen to be what was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from modelyard import errors
from modelyard.archives.reading import ReadArchive, opened_file, read_manifest
from modelyard.archives.signing import ANYBODY, TrustedKeys, trusted_keys
from modelyard.archives.types import ArchivedFile
from modelyard.deployments.bundling.checking import check_row
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.deployments.bundling.rows import lines, table_of
from modelyard.deployments.bundling.types import (
    ARTIFACTS,
    FORMAT,
    ROWS,
    BundledDataset,
    BundledRows,
    BundleManifest,
)
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.kernel.progress import Progress
from modelyard.kernel.settings import Settings
from modelyard.store.database import known_revisions
from modelyard.store.migrations import HEAD

WHAT = "bundle of a project"


class OpenBundle(ReadArchive):
    """A bundle whose list of files was read and compared with its manifest."""

    def __init__(self, file: BinaryIO, size: int, limits: ArchiveSettings) -> None:
        super().__init__(file, size, limits, WHAT)
        self.size = size
        self.manifest = _manifest_in(self.described)
        self.require_complete(self.manifest.files)
        self._files = {file.path: file for file in self.manifest.files}

    @property
    def signed_by(self) -> str | None:
        """The id of the key that signed it; None: nobody did."""
        return self.signature.key if self.signature else None

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Its rows of a table, as `content.py` tells, in the order of their keys."""
        path = f"{ROWS}{table}.jsonl"
        if path in self._files:
            with self.content(path) as source:
                yield from lines(source)

    def artifacts(self) -> Iterator[ArchivedFile]:
        """What goes into the artifact store; `copy` gives the content."""
        yield from (file for path, file in self._files.items() if path.startswith(ARTIFACTS))

    def artifact(self, sha256: str) -> BinaryIO:
        """The bytes that a row refers to."""
        return self.content(f"{ARTIFACTS}{sha256}")

    def data(self, dataset: BundledDataset) -> tuple[ArchivedFile, ...]:
        """The files of a dataset's data; `copy` gives the content of each."""
        return tuple(self._files[path] for path in dataset.files)

    def verify(self, progress: Progress) -> int:
        """Read everything; gives the number of rows.

        Raises:
            Invalid: something is damaged, or is nothing that a bundle holds.
        """
        whole = sum(file.size for file in self.manifest.files) or 1
        done = 0

        def read(part: bytes) -> None:
            nonlocal done
            done += len(part)
            progress("reading the bundle", fraction=done / whole)

        for file in self.manifest.files:
            self.copy(file, read)
        return sum(map(self._verify_rows, self.manifest.tables))

    def _verify_rows(self, told: BundledRows) -> int:
        if told.table not in BUNDLED:
            raise errors.Invalid(f"it holds rows of {told.table!r}, which no bundle does")
        count, before = 0, None
        for row in self.rows(told.table):
            key = check_row(table_of(told.table), row, self._files)
            if before is not None and key <= before:
                raise errors.Invalid(f"the rows of {told.table} are not in the order of their keys")
            before, count = key, count + 1
        if count != told.rows:
            raise errors.Invalid(f"it tells of {told.rows} rows of {told.table}, and has {count}")
        return count


@contextmanager
def opened(path: Path, limits: ArchiveSettings | None = None) -> Iterator[OpenBundle]:
    """Open a bundle; its files are compared with what its manifest says as they are read.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no bundle, or is damaged.
        Conflict: a newer Modelyard wrote it.
        Failed: it cannot be read.
    """
    with opened_file(path, WHAT) as (file, size):
        yield OpenBundle(file, size, limits or ArchiveSettings())


@contextmanager
def open_bundle(
    path: Path,
    *,
    trusted: TrustedKeys = ANYBODY,
    limits: ArchiveSettings | None = None,
    progress: Progress = lambda *_, **__: None,
) -> Iterator[OpenBundle]:
    """Open a bundle, and read all of it, so that what is in it can be relied on.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no bundle, is damaged, or its signature is not that of its content.
        Conflict: a newer Modelyard wrote it.
        Blocked: nobody signed it who is trusted.
        Failed: it cannot be read.
    """
    with opened(path, limits) as bundle:
        trusted.check(bundle.described, bundle.signature)
        bundle.verify(progress)
        yield bundle


def trusted_here(settings: Settings) -> TrustedKeys:
    """Whose bundles a workspace takes, as its settings say.

    Raises:
        NotFound, Invalid: one of the files holds no public key.
    """
    told = settings.bundles
    return trusted_keys(map(Path, told.trusted_keys), insist=told.signed_only)


def _manifest_in(text: bytes) -> BundleManifest:
    manifest = read_manifest(text, BundleManifest, WHAT, FORMAT)
    if manifest.revision > HEAD:
        raise errors.Conflict(
            f"Modelyard {manifest.made_with} wrote it, whose tables are of revision "
            f"{manifest.revision}; this one knows {HEAD} and older ones: upgrade modelyard"
        )
    if manifest.revision not in known_revisions():
        raise errors.Invalid(f"its tables are of a revision {manifest.revision!r} that never was")
    return manifest
