"""Making a workspace of a backup: whole, or not at all.

Artifacts, files and settings go into a folder that is marked as unfinished; then all rows go into
the database in one transaction, at the revision that they were read at, and are brought up to date
there. The last thing is to take the mark off.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, MetaData, delete, func, inspect, make_url, select
from sqlalchemy.exc import OperationalError

from modelyard import errors
from modelyard.backups import place as places
from modelyard.backups.manifest import ARTIFACTS, FILES, SETTINGS, rows_of
from modelyard.backups.place import PART, Place
from modelyard.backups.portable import portable, with_database
from modelyard.backups.reading import ReadArchive, opened
from modelyard.backups.rows import count_on, load
from modelyard.backups.types import Restored
from modelyard.governance import audit
from modelyard.kernel.identity import Identity
from modelyard.kernel.progress import Progress
from modelyard.kernel.settings import SETTINGS_FILE, Settings, read_settings
from modelyard.store import tables
from modelyard.store.artifacts import LocalArtifacts
from modelyard.store.database import (
    current_revision,
    exclusively,
    migrate_within,
    transaction,
    unopened,
)
from modelyard.store.keeping import keepers
from modelyard.store.opening import artifacts_folder, database_url

SPARE = 64 << 20


def restore(
    file: Path, folder: Path, *, database: str, who: Identity, progress: Progress
) -> Restored:
    """Make a workspace of a backup.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no backup, is damaged, or the database does not take what is in it.
        Conflict: the folder or the database is not empty, or a newer Modelyard wrote the backup.
        Failed: the disk is full, or something cannot be read or written.
        Unavailable: the database does not answer.
    """
    started = time.monotonic()
    with (
        opened(file, progress) as archive,
        places.claimed(folder, archive.digest) as place,
    ):
        found = _Restoring(archive, place, progress).run(database, who)
    return found.model_copy(update={"seconds": round(time.monotonic() - started, 1)})


class _Restoring:
    """One restoring on its way."""

    def __init__(self, archive: ReadArchive, place: Place, progress: Progress) -> None:
        self._archive = archive
        self._manifest = archive.manifest
        self._place = place
        self._folder = place.folder
        self._progress = progress
        self._brought: list[str] = []

    def run(self, database: str, who: Identity) -> Restored:
        """Do it, unless an interrupted one had only its mark to take off."""
        settings = self._settings(database)
        engine = unopened(database_url(settings, self._folder))
        try:
            if not self._is_done(engine):
                self._bring(engine, settings, database, who)
            with transaction(engine) as db:
                return self._told(db, engine.url)
        finally:
            engine.dispose()

    def _settings(self, database: str) -> Settings:
        """The settings of the workspace that is to be."""
        named = os.environ.get("MODELYARD_DATABASE", "")
        if database and named and named != database:
            raise errors.Invalid(
                "MODELYARD_DATABASE names another database than the one that was given; unset it"
            )
        found = Settings()
        return found.model_copy(update={"database": database}) if database else found

    def _is_done(self, engine: Engine) -> bool:
        """Whether an interrupted restoring of this backup had come to its end here."""
        if self._place.continued is None:
            return False
        with transaction(engine) as db:
            if not inspect(db).has_table(tables.audit_entries.name):
                return False
            return audit.last_restored(db).get("restoring") == self._place.continued

    def _bring(self, engine: Engine, settings: Settings, database: str, who: Identity) -> None:
        engine.dispose()  # its file may be what an interrupted restoring left
        places.begin(self._place, self._archive.digest)
        _require_empty(engine)
        artifacts = LocalArtifacts(artifacts_folder(settings, self._folder))
        self._require_room()
        try:
            self._write_settings(database)
            self._artifacts(artifacts)
            self._files()
            with transaction(engine) as db:
                self._rows(db)
                unneeded = self._unneeded(db)
                audit.note_restored(
                    db, who, restoring=self._place.id, backup=self._manifest.created.isoformat()
                )
        except BaseException:
            engine.dispose()
            artifacts.remove(self._brought)
            raise
        artifacts.remove(unneeded)

    def _require_room(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if self._manifest.content + SPARE > free:
            raise errors.Failed(
                f"the backup unpacks to {self._manifest.content:,} bytes, and the disk of "
                f"{self._folder} has {free:,} free"
            )

    def _write_settings(self, database: str) -> None:
        with self._archive.content(SETTINGS) as source:
            text, _ = portable(source.read().decode("utf-8"))
        target = self._folder / SETTINGS_FILE
        target.touch(0o600)
        target.write_text(with_database(text, database) if database else text, "utf-8")
        read_settings(self._folder)  # what it says has to make sense here as well

    def _artifacts(self, artifacts: LocalArtifacts) -> None:
        members = self._manifest.below(ARTIFACTS)
        part = self._folder / PART
        for number, member in enumerate(members):
            self._progress(f"bringing {len(members):,} artifacts", fraction=number / len(members))
            if artifacts.has(member.sha256):
                continue
            self._brought.append(member.sha256)
            with part.open("wb") as out:
                self._archive.unpack(member, out.write)
            artifacts.put(part, move=True)

    def _files(self) -> None:
        members = self._manifest.below(FILES)
        for number, member in enumerate(members):
            self._progress(f"writing {len(members):,} files", fraction=number / len(members))
            target = self._folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                self._archive.unpack(member, out.write)
                out.flush()
                os.fsync(out.fileno())
            if member.modified is not None:
                os.utime(target, (member.modified, member.modified))

    def _rows(self, db: Connection) -> None:
        """Load the rows at their revision, then bring the tables up to date."""
        exclusively(db)
        others = {"alembic_version", *inspect(db).get_table_names()}
        migrate_within(db, self._manifest.revision)
        there = MetaData()
        there.reflect(db, only=list(set(inspect(db).get_table_names()) - others))
        for table in reversed(there.sorted_tables):  # making them put rows there
            db.execute(delete(table))
        contents = {table.name: table for table in self._manifest.tables}
        if unknown := contents.keys() - there.tables.keys():
            raise errors.Invalid(f"there is no table {min(unknown)!r} for its rows")
        for table in there.sorted_tables:
            if content := contents.get(table.name):
                self._progress(f"loading rows of {table.name}")
                with self._archive.content(rows_of(table.name)) as source:
                    load(db, table, content.columns, source)
        count_on(db, there)
        migrate_within(db)

    def _unneeded(self, db: Connection) -> Iterable[str]:
        """Artifacts that came along although their version was deleted while they were copied."""
        wanted = keepers(db)
        there = {member.sha256 for member in self._manifest.below(ARTIFACTS)}
        if lacking := wanted.keys() - there:
            digest = min(lacking)
            raise errors.Invalid(f"artifact {digest} of {wanted[digest]} is missing")
        return set(self._brought) - wanted.keys()

    def _told(self, db: Connection, url: URL) -> Restored:
        jobs = tables.jobs.c
        found = db.execute(select(jobs.state, func.count()).group_by(jobs.state))
        counts = {row[0]: row[1] for row in found}
        told = self._archive.described()
        return Restored(
            workspace=str(self._folder),
            database=url.render_as_string(),
            created=told.created,
            rows=told.rows,
            artifacts=told.artifacts,
            files=told.files,
            content_bytes=told.content_bytes,
            seconds=0,
            left_out=told.left_out,
            waiting_jobs=counts.get("queued", 0),
            interrupted_jobs=counts.get("running", 0),
        )


def _require_empty(engine: Engine) -> None:
    """Refuse a database that is somebody's, and one that does not answer."""
    url = engine.url
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return
    try:
        with engine.connect() as db:
            there = current_revision(db) is not None or bool(
                set(inspect(db).get_table_names()) & tables.metadata.tables.keys()
            )
    except OperationalError as exc:
        raise errors.Unavailable(
            f"the database {url.render_as_string()} cannot be opened: {exc.orig}"
        ) from exc
    if there:
        raise errors.Conflict(
            f"the database {make_url(url).render_as_string()} is a workspace's already; a backup "
            "is restored into an empty one"
        )
