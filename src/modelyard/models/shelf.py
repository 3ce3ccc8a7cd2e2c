"""Models that were probed: their files wait a while, so that importing them fetches nothing again.

What lies here was fetched by somebody for a project, and only the same somebody gets it for the
same project and source. It is whole from the moment it has its name. Whoever takes it gets hard
links, so that a failed import leaves it where it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from modelyard.kernel.context import Context
from modelyard.models.commands import ModelRequest
from modelyard.models.sources.lineage import UPLOADED
from modelyard.models.types import Lineage

FOLDER = "probed"
MODEL, LINEAGE = "model", "lineage.json"
GONE = ".gone"


def put_aside(
    context: Context,
    request: ModelRequest[Any],
    digest: str,
    model: Path,
    lineage: Lineage,
    *,
    more: Callable[[Path], None],
) -> None:
    """Move the folder of a probed model to where an import finds it; `more` writes beside it."""
    place = place_of(context, request, digest)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f"{uuid.uuid4().hex}{GONE}")  # swept like what is gone, should we die
    fresh.mkdir()
    (fresh / LINEAGE).write_text(lineage.model_dump_json(), "utf-8")
    more(fresh)
    model.rename(fresh / MODEL)
    _remove(place)
    try:
        fresh.rename(place)
    except OSError:  # somebody else has just put the same there
        shutil.rmtree(fresh, ignore_errors=True)


def take(
    context: Context, request: ModelRequest[Any], digest: str | None, target: Path
) -> Lineage | None:
    """Bring the files that were probed into an empty folder; None where they are not here."""
    if digest is None:
        return None
    place = place_of(context, request, digest)
    try:
        lineage = Lineage.model_validate_json((place / LINEAGE).read_text("utf-8"))
        shutil.copytree(place / MODEL, target, copy_function=_linked, dirs_exist_ok=True)
    except (OSError, shutil.Error):  # it was not there, or was swept at this moment
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(exist_ok=True)
        return None
    return lineage


def take_down(context: Context, request: ModelRequest[Any], digest: str) -> None:
    """Remove what was imported."""
    _remove(place_of(context, request, digest))


def sweep(context: Context) -> None:
    """Remove what nobody has imported in time, and what a dead process left half done."""
    oldest = time.time() - context.settings.sources.probed_hours * 3600
    folder = context.folder / FOLDER
    for place in list(folder.iterdir()) if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # somebody else was first
            if place.stat().st_mtime < oldest:
                _remove(place)


def place_of(context: Context, request: ModelRequest[Any], digest: str) -> Path:
    """The folder of what was probed, which is there or not."""
    who = context.identity
    words = (who.kind, who.name, request.project, UPLOADED.sub("", request.source))
    servers = (request.tracking_uri, request.registry_uri)
    key = hashlib.sha256(json.dumps([*words, *servers, digest]).encode("utf-8", "replace"))
    return context.folder / FOLDER / key.hexdigest()


def _remove(place: Path) -> None:
    gone = place.with_name(f"{uuid.uuid4().hex}{GONE}")
    with suppress(FileNotFoundError):
        place.rename(gone)  # at once, so that nobody takes half of it
        shutil.rmtree(gone, ignore_errors=True)


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)
    return target
