"""Making a backup of a workspace that is in use.

Artifacts never change, so most of them are copied before the moment that counts. Then all rows are
read as of one moment, after those artifacts that came meanwhile: each row's artifacts are in the
backup, whatever is deleted while it is made. The files of projects follow, so that those which the
rows speak of are there by then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.backups.manifest import (
    ARTIFACTS,
    FILES,
    SETTINGS,
    Manifest,
    TableContent,
    is_file_name,
    rows_of,
)
from modelyard.backups.portable import portable
from modelyard.backups.rows import written
from modelyard.backups.types import NAMED, Backup
from modelyard.backups.writing import Archive, appearing, blocks
from modelyard.files.access import every_file
from modelyard.kernel.context import Context
from modelyard.kernel.paths import files_folder
from modelyard.kernel.settings import SETTINGS_FILE
from modelyard.kernel.values import now
from modelyard.kernel.version import __version__
from modelyard.store import tables
from modelyard.store.database import current_revision, snapshot
from modelyard.store.keeping import keepers
from modelyard.store.migrations import HEAD

PASSING = frozenset(
    {
        tables.sessions,
        tables.setup_links,
        tables.login_failures,
        tables.server_secrets,
        tables.node_keys,
        tables.govern_node_keys,
        tables.scope_tokens,
        tables.hook_secrets,
        tables.hook_slots,
        tables.replays,
        tables.workers,
    }
)
"""Tables whose rows a backup leaves out: they let somebody in, or are of requests and processes."""


def save(context: Context, target: Path, *, replace: bool) -> Backup:
    """Write a backup.

    Raises:
        NotFound: the folder of the target is not there.
        Conflict: there is something at that place.
        Failed: the disk is full, a file cannot be read, or an artifact is missing or damaged.
        Unavailable: the database does not answer.
    """
    started = time.monotonic()
    with appearing(target, replace=replace) as file, Archive(file) as archive:
        manifest = _Saving(context, archive).run()
        archive.finish(manifest)
        size = file.tell()
    return Backup(
        created=manifest.created,
        revision=manifest.revision,
        rows=manifest.rows,
        artifacts=len(manifest.below(ARTIFACTS)),
        files=len(manifest.below(FILES)),
        content_bytes=manifest.content,
        size=size,
        seconds=round(time.monotonic() - started, 1),
        skipped=len(manifest.skipped),
        skipped_files=manifest.skipped[:NAMED],
        left_out=manifest.left_out,
    )


class _Saving:
    """One backup on its way."""

    def __init__(self, context: Context, archive: Archive) -> None:
        self._context = context
        self._archive = archive
        self._stored: set[str] = set()
        self._skipped: list[str] = []

    def run(self) -> Manifest:
        """Write everything; gives the table of contents."""
        with self._context.read() as db:
            wanted = keepers(db)
        missing = self._store(wanted)
        while True:
            with snapshot(self._context.engine) as db:
                wanted = keepers(db)
                missed_before, missing = missing, self._store(wanted)
                if not missing:
                    _require_known(db)
                    created = now()
                    contents, projects = self._rows(db)
                    break
                self._refuse_lost(wanted, missing & missed_before)
        self._files(projects)
        left_out = self._settings()
        return Manifest(
            modelyard=__version__,
            revision=HEAD,
            created=created,
            tables=contents,
            members=tuple(self._archive.members),
            skipped=tuple(self._skipped),
            left_out=left_out,
        )

    def _store(self, wanted: Mapping[str, str]) -> set[str]:
        """Copy artifacts that were not copied yet; gives those that are not there any more."""
        gone = set()
        missing = sorted(wanted.keys() - self._stored)
        for number, digest in enumerate(missing):
            fraction = number / len(missing)
            self._context.progress(f"copying {len(missing):,} artifacts", fraction=fraction)
            try:
                content = self._context.artifacts.open(digest)
            except errors.NotFound:
                gone.add(digest)
                continue
            with content:
                member = self._archive.add(f"{ARTIFACTS}{digest}", blocks(content))
            if member.sha256 != digest:
                raise errors.Failed(
                    f"artifact {digest} of {wanted[digest]} is damaged, so no backup can be made; "
                    "restore it from an earlier one, or delete that version"
                )
            self._stored.add(digest)
        return gone

    @staticmethod
    def _refuse_lost(wanted: Mapping[str, str], lost: set[str]) -> None:
        """What was deleted meanwhile is wanted no more at the next look; what still is, is lost."""
        if lost:
            digest = min(lost)
            raise errors.Failed(
                f"artifact {digest} of {wanted[digest]} is missing, so no backup can be made; "
                "restore it from an earlier one, or delete that version",
                missing=len(lost),
            )

    def _rows(self, db: Connection) -> tuple[tuple[TableContent, ...], list[str]]:
        """Write the rows of all tables; gives their contents, and the projects there are."""
        contents = []
        for table in tables.metadata.sorted_tables:
            if table in PASSING:
                continue
            self._context.progress(f"reading rows of {table.name}")
            lines = _Counted(written(db, table))
            self._archive.add(rows_of(table.name), lines)
            columns = tuple(table.columns.keys())
            contents.append(TableContent(name=table.name, columns=columns, rows=lines.count))
        return tuple(contents), list(db.scalars(select(tables.projects.c.key)))

    def _files(self, projects: list[str]) -> None:
        for project in projects:
            top = files_folder(self._context, project)
            self._context.progress(f"storing files of {project}")
            for file in sorted(every_file(top)):
                self._file(file, f"{project}/{file.relative_to(top).as_posix()}")

    def _file(self, file: Path, name: str) -> None:
        """Copy a file as long as it is now; what is added meanwhile is for the next backup."""
        if not is_file_name(name.partition("/")[2]):
            self._skipped.append(ascii(name)[1:-1])
            return
        try:
            content = file.open("rb")
        except FileNotFoundError:
            self._skipped.append(name)
            return
        with content:
            facts = os.fstat(content.fileno())
            parts = blocks(content, facts.st_size)
            self._archive.add(f"{FILES}{name}", parts, modified=facts.st_mtime)

    def _settings(self) -> tuple[str, ...]:
        file = self._context.folder / SETTINGS_FILE
        text, left_out = portable(file.read_text("utf-8") if file.exists() else "")
        self._archive.add(SETTINGS, [text.encode()])
        return left_out


def _require_known(db: Connection) -> None:
    """Refuse tables that a newer Modelyard has changed since this process opened them."""
    if (found := current_revision(db)) != HEAD:
        raise errors.Conflict(
            f"the database is at revision {found} by now, and this Modelyard knows {HEAD}; make "
            "the backup with the one that brought it there"
        )


class _Counted:
    """Lines, and how many there were."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            yield line
