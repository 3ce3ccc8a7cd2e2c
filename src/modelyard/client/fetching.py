"""What a command wrote on the server, fetched to where it was asked for."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.client.sending import Run
from modelyard.files.commands import DeleteFile, GetFile
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.models.archive import unpack

REJECTS = ".rejects.jsonl"
ANY_SIZE = ArchiveSettings(max_files=10**7, max_mb=10**9, max_ratio=10**6)
"""Limits for an archive that our own server made."""


def fetch_data(run: Run, project: str | None, place: str, target: Path) -> None:
    """Fetch an output and the rows that were refused for it, if there are any.

    Raises:
        Failed: it cannot be written here; the message says where it is on the server.
    """
    beside = target.with_name(target.name + REJECTS)
    try:
        try:
            run(_get(project, f"{place}{REJECTS}", beside))
        except errors.NotFound:
            beside.unlink(missing_ok=True)
        run(_get(project, place, target))
    except OSError as exc:
        raise errors.Failed(_stranded(place, str(exc.strerror))) from exc
    except errors.ModelyardError as exc:
        raise type(exc)(_stranded(place, exc.detail), **exc.context) from exc
    _clear(run, project, place)


def fetch_model(run: Run, project: str | None, place: str, target: Path) -> None:
    """Fetch an exported model: as the archive that it is, or as the folder in it.

    Raises:
        Conflict: something came to that place meanwhile.
        Failed: it cannot be written here; the message says where it is on the server.
    """
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    archive = partial.with_name(f"{partial.name}.zip")
    try:
        if target.suffix == ".zip":
            run(_get(project, place, target, replace=False))
        else:
            run(_get(project, place, archive))
            partial.mkdir()
            unpack(archive, partial, ANY_SIZE)
            partial.rename(target)
    except OSError as exc:
        raise errors.Failed(_stranded(place, str(exc.strerror))) from exc
    finally:
        archive.unlink(missing_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
    _clear(run, project, place)


def _get(project: str | None, place: str, target: Path, *, replace: bool = True) -> GetFile:
    given: dict[str, Any] = {"project": project} if project else {}
    return GetFile(path=place, to=str(target), replace=replace, **given)


def _clear(run: Run, project: str | None, place: str) -> None:
    given: dict[str, Any] = {"project": project} if project else {}
    run(DeleteFile(path=place.rpartition("/")[0], recursive=True, **given))


def _stranded(place: str, why: str) -> str:
    return (
        f"it was written on the server and cannot be fetched: {why}; fetch it by "
        f"'modelyard files get {place}'"
    )
