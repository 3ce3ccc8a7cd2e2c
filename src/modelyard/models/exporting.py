"""Writing a version out as the MLflow model that it was."""

from __future__ import annotations

import shutil
import uuid

from modelyard import errors
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.models.fetching import pack
from modelyard.models.folders import write_files
from modelyard.models.types import OTHER_ARCHIVES, ModelVersion, VersionExport


def export_version(context: Context, version: ModelVersion, to: str) -> VersionExport:
    """Write a version's files into a new folder, or a new .zip; whole or not at all.

    Raises:
        Conflict: there is something at that path.
        Unsupported: it is named like another kind of archive.
        Forbidden: this caller may not write there.
        Failed: the disk is full, or an artifact is damaged.
    """
    named = to or f"{version.model}-{version.version}"
    target = paths.find(context, version.project, named)
    if target.name.lower().endswith(OTHER_ARCHIVES):
        raise errors.Unsupported(f"{target.name} cannot be written; name a folder or a .zip file")
    if target.exists():
        raise errors.Conflict(f"{target} exists already; name another path or remove it first")
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        if target.suffix == ".zip":
            target.parent.mkdir(parents=True, exist_ok=True)
            pack(context, version, partial)
        else:
            partial.mkdir(parents=True)
            write_files(context, version.files, partial)
        partial.rename(target)
    except OSError as exc:
        raise errors.Failed(f"{target} cannot be written: {exc}") from exc
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if partial.is_file():
            partial.unlink()
    return VersionExport(
        path=paths.shown(context, version.project, target),
        files=len(version.files),
        size=sum(file.size for file in version.files),
        digest=version.digest,
    )
