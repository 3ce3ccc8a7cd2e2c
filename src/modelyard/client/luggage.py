"""What a command takes along: local files that it reads, places for those that it writes.

Only fields that are marked name files. A text that names none of this machine travels as it is: the
name of a dataset, a URI, or a path of the project's files on the server.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel

from modelyard import errors
from modelyard.client import packing
from modelyard.client.fetching import fetch_data, fetch_model
from modelyard.client.places import require_free
from modelyard.client.sending import Run, Sender
from modelyard.data.commands import ListDatasets
from modelyard.kernel.command import Command
from modelyard.kernel.progress import Progress
from modelyard.kernel.values import FILES, TRANSIT, LocalPath
from modelyard.models.types import OTHER_ARCHIVES

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")


@dataclass(frozen=True)
class Written:
    """An output: its path among the project's files, and where it goes here."""

    place: str
    target: Path
    mark: LocalPath


class Luggage:
    """The files of one command; `command` names the places that they have on the server.

    Args:
        run: has a command carried out on the server.
        command: as it was given here.
        progress: hears of files being sent.
        stays: what the command writes stays on the server.
    """

    def __init__(
        self, run: Run, command: Command[Any], progress: Progress, *, stays: bool = False
    ) -> None:
        self._run = run
        self._given = command
        self._goes_on = stays
        self._stays = stays or not command.background
        self._project = command.in_project()
        self._sender = Sender(run, self._project, progress)
        self._read: list[Path] = []
        self._written: list[Written] = []
        self._names: dict[str, str] = {}
        """What each place on the server is called here."""
        self.command = command

    def __enter__(self) -> Self:
        try:
            self._pack()
        except BaseException:
            self._sender.clear()
            self._sender.take_back()
            raise
        return self

    def _pack(self) -> None:
        changed = {}
        for name, field in type(self._given).model_fields.items():
            mark, text = LocalPath.of_field(field), getattr(self._given, name)
            if mark is None or not isinstance(text, str) or URI.match(text):
                continue
            place = self._input(text, mark) if mark.use == "read" else self._output(text, mark)
            if place != text:
                changed[name] = place
        if changed:
            given = self._given.model_dump(exclude_unset=True)
            self.command = type(self._given).model_validate({**given, **changed})

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        has_ended = isinstance(exc, errors.ModelyardError) and not (
            isinstance(exc, errors.Unavailable)
        )
        if has_ended or (exc is None and not self._goes_on):
            self._sender.clear()
        if has_ended:
            self._sender.take_back()
        if isinstance(exc, errors.ModelyardError):
            exc.detail = self._told(exc.detail)
            exc.args = (exc.detail,)

    def unpacked(self, result: Any) -> Any:
        """Fetch what was written, and call places in the result what they are called here."""
        for written in self._written:
            if written.mark.of == "model":
                fetch_model(self._run, self._project, written.place, written.target)
            else:
                fetch_data(self._run, self._project, written.place, written.target)
        return self._renamed(result) if self._names else result

    def _input(self, text: str, mark: LocalPath) -> str:
        files = packing.found(text) if mark.of in ("file", "data", "model") else []
        is_model = mark.of == "model" and Path(text).expanduser().is_dir()
        if not (files or is_model) or (mark.of == "data" and self._is_dataset(text)):
            return text
        self._read += [file.resolve() for file in files]
        kept = mark.kept or not (self._given.background or self._given.only_reads())
        place = self._sender.send(text, files, mark, kept=kept)
        return self._called(place, text)

    def _output(self, text: str, mark: LocalPath) -> str:
        if mark.of == "data" and (self._is_dataset(text) or not Path(text).suffix):
            return text
        if not text and mark.of != "model":
            return text
        if self._stays:
            return self._stay(text)
        named = text or f"{getattr(self._given, 'model')}-{getattr(self._given, 'version')}"  # noqa: B009
        target = Path(named).expanduser().absolute()
        place = f"{TRANSIT}/{uuid.uuid4().hex[:16]}/{packing.name_of(target)}"
        if mark.of == "model":
            self._require_new(target)
            as_named = target.name.lower().endswith((".zip", *OTHER_ARCHIVES))
            place = place if as_named else f"{place}.zip"
        else:
            self._require_other(target, text)
            self._called(f"{FILES}{place}.rejects.jsonl", f"{target}.rejects.jsonl")
        self._written.append(Written(place, target, mark))
        return self._called(FILES + place, str(target) if mark.of == "model" else text)

    @staticmethod
    def _stay(text: str) -> str:
        path = Path(text)
        if path.is_absolute() or ".." in path.parts or text.startswith("~"):
            raise errors.Invalid(
                f"{text!r} would be written on the server; name a path relative to the project's "
                "files there, such as out/scored.parquet, and fetch it by 'modelyard files get'"
            )
        return FILES + text if text else text

    @staticmethod
    def _require_new(target: Path) -> None:
        if target.exists():
            raise errors.Conflict(f"{target} exists already; name another path or remove it first")
        require_free(target, replace=False)

    def _require_other(self, target: Path, text: str) -> None:
        require_free(target, replace=True)
        if target.resolve() in self._read:
            raise errors.Invalid(f"{text!r} would overwrite its own input; write to another place")

    def _is_dataset(self, text: str) -> bool:
        if "/" in text or self._project is None:
            return False
        listed = self._run(ListDatasets(project=self._project))
        return any(dataset.name == text for dataset in listed)

    def _called(self, place: str, text: str) -> str:
        self._names[place] = self._names[place.removeprefix(FILES)] = text
        return place

    def _told(self, text: str) -> str:
        for place in sorted(self._names, key=len, reverse=True):
            text = text.replace(place, self._names[place])
        return text

    def _renamed(self, value: Any) -> Any:
        """A result in which places on the server are called what they are called here."""
        if isinstance(value, BaseModel):
            parts = {name: self._renamed(getattr(value, name)) for name in value.model_fields_set}
            return value.model_copy(update=parts)
        if isinstance(value, str):
            return self._names.get(value, value)
        if isinstance(value, list | tuple):
            return type(value)(self._renamed(part) for part in value)
        return value
