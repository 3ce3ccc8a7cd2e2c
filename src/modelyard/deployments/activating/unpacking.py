"""What comes out of a bundle as files: artifacts, and the data of datasets.

Data lies in a folder of the project's files that is named for the bundle, so that nothing that an
earlier bundle brought is touched: which folder a dataset reads is told by its row.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from modelyard import errors
from modelyard.archives.types import ArchivedFile
from modelyard.deployments.bundling.reading import OpenBundle
from modelyard.deployments.bundling.types import FILES as IN_FILES
from modelyard.deployments.bundling.types import BundledDataset
from modelyard.files.access import room
from modelyard.kernel.context import Context
from modelyard.kernel.paths import files_folder, inner_path, require_inside
from modelyard.kernel.values import FILES
from modelyard.store.artifacts import digest_of
from modelyard.store.staging import Stage

NONE: Mapping[str, str] = MappingProxyType({})
BUNDLES = "bundles"
"""The folder of a project's files that holds the data of bundles."""


def places_of(bundle: OpenBundle) -> dict[str, str]:
    """Where the data of a bundle's datasets is here, by their names."""
    return {
        each.name: FILES + _place(bundle, each).as_posix()
        for each in bundle.manifest.datasets
        if each.with_data and each.files
    }


def unpack_data(context: Context, project: str, bundle: OpenBundle, stage: Stage) -> None:
    """Put the data of a bundle's datasets into the project's files; what is there stays.

    Raises:
        Failed: the disk is full, or it cannot be written.
        Blocked: the project's files may not hold so much.
    """
    top = files_folder(context, project)
    for dataset in bundle.manifest.datasets:
        files = bundle.data(dataset) if dataset.with_data else ()
        target = top / _folder(bundle, dataset)
        if not files or _is_there(files, target):
            continue
        limit = room(context, project, target)
        if limit is not None and sum(file.size for file in files) > limit.left():
            raise limit.refused()
        fresh = stage.folder / f"data-{uuid.uuid4().hex}"
        for number, file in enumerate(files):
            context.progress(f"unpacking the data of {dataset.name}", fraction=number / len(files))
            _copy(bundle, file, fresh / _name(file.path))
        with _writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                target.rename(stage.folder / f"old-{uuid.uuid4().hex}")
            fresh.rename(target)
            _flush(target.parent)


def unpack_files(
    bundle: OpenBundle, stage: Stage, more: Mapping[str, str] = NONE
) -> list[tuple[Path, str]]:
    """Unpack what a bundle holds of the files of its project; gives each with its path there.

    Args:
        bundle: that is open.
        stage: where they are unpacked.
        more: the paths there of other files, by those in the bundle.

    Raises:
        Failed: the disk is full.
    """
    found = []
    for file in bundle.manifest.files:
        is_own = file.path.startswith(IN_FILES)
        target = file.path.removeprefix(IN_FILES) if is_own else more.get(file.path)
        if target is not None:
            fresh = stage.folder / f"file-{uuid.uuid4().hex}"
            _copy(bundle, file, fresh)
            found.append((fresh, target))
    return found


def put_files(context: Context, project: str, files: list[tuple[Path, str]]) -> None:
    """Put files among those of a project, in place of what is there."""
    top = files_folder(context, project)
    for fresh, path in files:
        target = top / inner_path(path)
        require_inside(context, target, top)
        with _writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh.replace(target)


def unpack_artifacts(
    context: Context, bundle: OpenBundle, stage: Stage, known: Mapping[str, Path]
) -> dict[str, Path]:
    """Unpack the artifacts of a bundle that the store lacks, by digest, beside those `known`.

    Raises:
        Failed: the disk is full.
    """
    lacking = [
        file
        for file in bundle.artifacts()
        if file.sha256 not in known and not context.artifacts.has(file.sha256)
    ]
    found = dict(known)
    for number, file in enumerate(lacking):
        context.progress("unpacking the files of the bundle", fraction=number / len(lacking))
        found[file.sha256] = stage.folder / "artifacts" / file.sha256
        _copy(bundle, file, found[file.sha256])
    return found


def _copy(bundle: OpenBundle, file: ArchivedFile, target: Path) -> None:
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            bundle.copy(file, out.write)
            out.flush()
            os.fsync(out.fileno())


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Say it in words when something cannot be written."""
    try:
        yield
    except OSError as exc:
        raise errors.Failed(
            f"{target.name} of the bundle cannot be unpacked here: {exc.strerror or exc}"
        ) from exc


def _is_there(files: tuple[ArchivedFile, ...], folder: Path) -> bool:
    there = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    return there == {_name(file.path) for file in files} and all(
        (folder / _name(file.path)).stat().st_size == file.size
        and digest_of(folder / _name(file.path)) == file.sha256
        for file in files
    )


def _folder(bundle: OpenBundle, dataset: BundledDataset) -> PurePosixPath:
    return PurePosixPath(BUNDLES, bundle.manifest.bundle, dataset.name)


def _place(bundle: OpenBundle, dataset: BundledDataset) -> PurePosixPath:
    """The file where there is one, else the folder."""
    folder = _folder(bundle, dataset)
    if len(dataset.files) > 1:
        return folder
    (file,) = dataset.files
    return folder / _name(file)


def _name(path: str) -> str:
    """What a file of a dataset is called here: all of them lie in one folder."""
    return "-".join(PurePosixPath(path).parts[2:])


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
