"""A version's files as a folder that a worker can load."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.models.types import StoredFile
from modelyard.store.artifacts import digest_of


def list_files(folder: Path) -> tuple[StoredFile, ...]:
    """Every file below a folder with its digest, by path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        StoredFile(
            path=path.relative_to(folder).as_posix(),
            sha256=digest_of(path),
            size=path.stat().st_size,
        )
        for path in paths
    )


def tree_digest(files: Iterable[StoredFile]) -> str:
    """One sha256 for a set of files: over `digest  path` lines in path order."""
    lines = sorted(f"{file.sha256}  {file.path}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def folder_of(context: Context, digest: str) -> Path:
    """Where the loadable folder of a set of files is, if it is there."""
    return context.folder / "cache" / "models" / digest


def copy_tree(source: Path, target: Path) -> None:
    """Copy everything below a folder into another, which exists."""
    shutil.copytree(source, target, dirs_exist_ok=True)


def loadable_folder(
    context: Context, digest: str, fill: Callable[[Path], None], *, anew: bool = False
) -> Path:
    """The folder a worker loads a version from, filled when it is not there.

    Workers get this copy and never the artifacts themselves, which a model could change.

    Raises:
        Failed: the disk is full, or an artifact is damaged.
    """
    folder = folder_of(context, digest)
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    if folder.is_dir():
        return folder
    partial = folder.with_name(f"{digest}.{uuid.uuid4().hex}.partial")
    try:
        partial.mkdir(parents=True)
        fill(partial)
        if not folder.is_dir():
            partial.rename(folder)
    except OSError as exc:
        if not folder.is_dir():  # else somebody else filled it at the same time
            raise errors.Failed(f"the model's files cannot be copied to {folder}: {exc}") from exc
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def write_files(context: Context, files: Iterable[StoredFile], target: Path) -> None:
    """Write a version's files out of the artifact store, checking their digests."""
    for file in files:
        path = target / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        context.artifacts.save(file.sha256, path)


def forget_folder(context: Context, digest: str) -> None:
    """Remove a loadable folder."""
    shutil.rmtree(folder_of(context, digest), ignore_errors=True)
