"""Making a bundle: the rows of one moment, and the bytes that they refer to, in one archive."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection

from modelyard import errors
from modelyard.archives.signing import SigningKey
from modelyard.archives.types import ArchivedFile
from modelyard.archives.writing import Content, write_archive
from modelyard.data.carrying import carried_files
from modelyard.deployments.bundling import rows
from modelyard.deployments.bundling.choosing import Chosen, chosen
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.deployments.bundling.describing import Description
from modelyard.deployments.bundling.types import (
    ARTIFACTS,
    DATA,
    FILES,
    ROWS,
    BundleContent,
    BundledDataset,
    BundledRows,
    BundleManifest,
)
from modelyard.files.access import every_file
from modelyard.kernel.context import Context
from modelyard.kernel.paths import files_folder, inner_path
from modelyard.kernel.version import __version__
from modelyard.projects.access import require_project
from modelyard.store.database import snapshot
from modelyard.store.migrations import HEAD


@dataclass(frozen=True)
class Asked:
    """What is to be in a bundle."""

    project: str
    bundle: str
    notes: str
    models: Sequence[str]
    stores: Sequence[str]
    data: Sequence[str]
    files: Sequence[str]


class Builder:
    """One bundle on its way; `folder` is where its rows wait until they are packed."""

    def __init__(self, context: Context, asked: Asked, folder: Path) -> None:
        self._context, self._asked, self._folder = context, asked, folder
        self._contents: dict[str, Content] = {}
        self._digests: dict[str, str] = {}
        self._packed = 0

    def build(self, target: Path, key: SigningKey | None) -> BundleManifest:
        """Write the bundle to a new file.

        Raises:
            NotFound: the project, or something that was asked for, is not there.
            Invalid: what was asked for makes no sense, or a file has a name that no bundle holds.
            Unsupported: the data of a dataset is in a database.
            Conflict: something was deleted while it was copied.
            Failed: an artifact is damaged, or the disk is full.
        """
        self._context.progress("reading the project")
        with snapshot(self._context.engine) as db:
            told = self._read(db)
        datasets = self._carry_data(told.datasets)
        self._carry_files()
        told = told.model_copy(update={"datasets": datasets})

        def described(files: tuple[ArchivedFile, ...]) -> BundleManifest:
            return BundleManifest(**dict(told), files=files)

        return write_archive(
            *(target, "bundle", described, self._contents),
            digests=self._digests,
            key=key,
            written=self._tell,
        )

    def _read(self, db: Connection) -> BundleContent:
        """Write the rows aside, and say what they are."""
        asked = self._asked
        require_project(db, asked.project)
        which = chosen(db, asked.project, asked.models, asked.stores)
        seen = Description(db, asked.project, which)
        tables = tuple(self._rows(db, name, which, seen) for name in BUNDLED)
        for digest in seen.artifacts:
            path = f"{ARTIFACTS}{digest}"
            self._contents[path] = partial(self._artifact, digest, seen.artifacts[digest])
            self._digests[path] = digest
        return BundleContent(
            made_with=__version__,
            revision=HEAD,
            project=asked.project,
            bundle=asked.bundle,
            notes=asked.notes,
            models=seen.models(),
            stores=which.stores,
            datasets=tuple(seen.datasets),
            connections=seen.connections(),
            envs=tuple(env for _, env in sorted(seen.envs.items())),
            env_names=dict(sorted(seen.env_names.items())),
            tables=tables,
        )

    def _rows(self, db: Connection, name: str, which: Chosen, seen: Description) -> BundledRows:
        table, count = rows.table_of(name), 0
        file = self._folder / f"{name}.jsonl"
        try:
            with file.open("wb") as out:
                for stored in rows.stored(db, table, self._asked.project):
                    if not which.has(name, stored):
                        continue
                    row = rows.portable(table, stored)
                    if name == "models":
                        _without_missing_version(row, which)
                    seen.see(name, row)
                    out.write(rows.line(row))
                    count += 1
        except OSError as exc:
            raise errors.Failed(f"the bundle cannot be written: {exc.strerror or exc}") from exc
        self._contents[f"{ROWS}{name}.jsonl"] = file
        return BundledRows(table=name, rows=count)

    def _artifact(self, digest: str, keeper: str) -> BinaryIO:
        try:
            return self._context.artifacts.open(digest)
        except errors.NotFound as exc:
            raise errors.Conflict(
                f"the {keeper} was deleted while the bundle was made; make it again"
            ) from exc

    def _carry_data(self, datasets: Sequence[BundledDataset]) -> tuple[BundledDataset, ...]:
        """Take along the files of those datasets whose data was asked for."""
        known = {dataset.name for dataset in datasets}
        for name in self._asked.data:
            if name not in known:
                raise errors.NotFound.among("dataset named", name, known)
        return tuple(
            self._with_data(dataset) if dataset.name in self._asked.data else dataset
            for dataset in datasets
        )

    def _with_data(self, dataset: BundledDataset) -> BundledDataset:
        found = carried_files(self._context, self._asked.project, dataset.name)
        top = os.path.commonpath([Path(path).parent for path in found])
        inside = {path: os.path.relpath(path, top or ".") for path in found}
        places = {f"{DATA}{dataset.name}/{inside[path]}": path for path in found}
        self._contents |= {name: found[path] for name, path in places.items()}
        files = dict(sorted(places.items()))
        return dataset.model_copy(update={"with_data": True, "files": files})

    def _carry_files(self) -> None:
        """Take along what was asked for of the project's files."""
        top = files_folder(self._context, self._asked.project)
        for asked in self._asked.files:
            place = top / inner_path(asked)
            found = [place] if place.is_file() else list(_below(top, place))
            if not found:
                raise errors.NotFound(f"the project has no file or folder {asked!r}")
            for file in found:
                self._contents[f"{FILES}{file.relative_to(top).as_posix()}"] = file

    def _tell(self, size: int) -> None:
        self._packed += size
        self._context.progress(f"packing, {self._packed >> 20:,} MiB so far")


def _below(top: Path, place: Path) -> Iterator[Path]:
    return (file for file in every_file(top) if file.is_relative_to(place))


def _without_missing_version(row: dict[str, Any], which: Chosen) -> None:
    """Say nothing of which version is active, if that one is not in the bundle."""
    active = row["active_version"]
    if active is not None and (row["name"], active) not in which.versions:
        del row["active_version"]
