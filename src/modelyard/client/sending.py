"""Local files that a command reads, brought to the project's files on the server."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.client import packing
from modelyard.files.commands import DeleteFile, PutFile, ShowFile
from modelyard.files.types import StoredFile
from modelyard.kernel.command import Command
from modelyard.kernel.progress import Progress
from modelyard.kernel.values import FILES, TRANSIT, LocalPath

Run = Callable[[Command[Any]], Any]


class Sender:
    """Sends what texts name, and says where it is on the server; clears what was on its way.

    Args:
        run: has a command carried out on the server.
        project: whose files they become; None: those of the default project.
        progress: hears of each file.
    """

    def __init__(self, run: Run, project: str | None, progress: Progress) -> None:
        self._run = run
        self._in: dict[str, Any] = {"project": project} if project else {}
        self._before = FILES if project else f"{FILES}{PutFile.model_fields['project'].default}/"
        self._progress = progress
        self._passing = f"{TRANSIT}/{uuid.uuid4().hex[:16]}"
        self._sent = 0
        self._brought: list[str] = []
        """What keeps its name, and was not there before."""

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

    def clear(self) -> None:
        """Remove what the command needed and no other does; what stays is swept later."""
        if self._sent:
            with suppress(errors.ModelyardError):
                self._run(DeleteFile(path=self._passing, recursive=True, **self._in))

    def take_back(self) -> None:
        """Remove what was brought for a command that failed."""
        for place in self._brought:
            with suppress(errors.ModelyardError):
                self._run(DeleteFile(path=place, **self._in))

    def _transit(self, *files: Path) -> str:
        """A place of this command's own: for its only file, or for a folder of files."""
        self._sent += 1
        folder = f"{self._passing}/{self._sent}"
        return f"{folder}/{packing.name_of(files[0])}" if len(files) == 1 else folder

    def _put(self, file: Path, place: str) -> str:
        there = None if place.startswith(f"{TRANSIT}/") else self._known(place)
        if there is not None and there.sha256 != packing.digest_of(file):
            raise errors.Conflict(
                f"the project has another file {place} already; send {file} under another name by "
                f"'modelyard files put {file} NAME', and name that"
            )
        if there is None:
            self._run(PutFile(file=str(file), path=place, **self._in))
            if not place.startswith(f"{TRANSIT}/"):
                self._brought.append(place)
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
