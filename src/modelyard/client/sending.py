"""Local files that a command reads, brought to the project's files on the server."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.client import packing
from modelyard.files.commands import PutFile, ShowFile
from modelyard.files.types import StoredFile
from modelyard.kernel.command import Command
from modelyard.kernel.progress import Progress
from modelyard.kernel.values import LocalPath, now

FILES = "files://"
TRANSIT = "transit"
FRESH = 24 * 3600.0
"""Seconds for which a file that was sent before is sure to stay."""
Run = Callable[[Command[Any]], Any]


class Sender:
    """Sends what texts name, and says where it is on the server.

    Args:
        run: has a command carried out on the server.
        project: whose files they become; None: those of the default project.
        progress: hears of each file.
    """

    def __init__(self, run: Run, project: str | None, progress: Progress) -> None:
        self._run = run
        self._in = {"project": project} if project else {}
        self._before = FILES if project else f"{FILES}{PutFile.model_fields['project'].default}/"
        self._progress = progress

    def send(self, text: str, files: list[Path], mark: LocalPath, *, kept: bool) -> str:
        """Send what a text names, unless it is there already; gives its place.

        Args:
            text: as it was given.
            files: what it names here.
            mark: of the field that holds it.
            kept: it is needed after the command, and so keeps its name.
        """
        path = Path(text).expanduser()
        if path.is_dir() and mark.of == "model":
            return self._send_model(path)
        if path.is_file():
            place = _kept_path(path) if kept else self._transit(path)
            return self._put(path, place)
        named = packing.places_of(files)
        folder = _kept_path(path) if kept and path.is_dir() else self._transit(*files)
        for name, file in named.items():
            self._put(file, f"{folder}/{name}")
        return f"{self._before}{folder}"

    def _send_model(self, folder: Path) -> str:
        with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
            archive = Path(scratch, f"{packing.name_of(folder.resolve())}.zip")
            self._progress(f"packing {folder}")
            packing.packed(folder, archive)
            return self._put(archive, self._transit(archive))

    def _transit(self, *files: Path) -> str:
        """A place that the content of files names, so that the same is sent once."""
        if len(files) == 1:
            return f"{TRANSIT}/{packing.digest_of(files[0])[:16]}/{packing.name_of(files[0])}"
        each = "".join(packing.digest_of(file) + file.name for file in files)
        return f"{TRANSIT}/{hashlib.sha256(each.encode('utf-8', 'replace')).hexdigest()[:16]}"

    def _put(self, file: Path, place: str) -> str:
        there = self._known(place)
        passing = place.startswith(f"{TRANSIT}/")
        same = there is not None and there.sha256 == packing.digest_of(file)
        if there is not None and not same and not passing:
            raise errors.Conflict(
                f"the project has another file {place} already; send {file} under another name by "
                f"'modelyard files put {file} NAME', and name that"
            )
        if there is None or not same or (passing and (now() - there.modified).seconds > FRESH):
            self._run(PutFile(file=str(file), path=place, replace=passing, **self._in))
        return f"{self._before}{place}"

    def _known(self, place: str) -> StoredFile | None:
        try:
            found: StoredFile = self._run(ShowFile(path=place, **self._in))
        except errors.NotFound:
            return None
        return found


def _kept_path(path: Path) -> str:
    """Where a file keeps its name: its relative path, else its name alone."""
    if path.is_absolute() or ".." in path.parts:
        return packing.name_of(path)
    parts = [packing.name_of(Path(part)) for part in path.parts if part != "."]
    return "/".join(parts) or packing.name_of(path.resolve())
