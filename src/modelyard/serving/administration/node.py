"""A node as whoever administers it sees it: its verbs in Python, authorized and recorded."""

from __future__ import annotations

import json
import os
import time
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from modelyard import errors
from modelyard.kernel.bus import Bus
from modelyard.kernel.command import Command
from modelyard.kernel.identity import login_name
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.secrets import hidden, secret_fields
from modelyard.serving.administration.table import NODE_CATALOG, NodeVerbs
from modelyard.serving.audit import Administrator

R = TypeVar("R")
ROOMS = ("administration", "databases", "operating", "tokens", "watching")
NODE_BUS: Bus[Any] = Bus(f"modelyard.serving.{room}" for room in ROOMS)
FOLDER = "MODELYARD_NODE"


class Node(NodeVerbs):
    """The API node in a folder. Nothing is read or written before the first command."""

    def __init__(
        self, folder: Path, who: Administrator, *, progress: Progress = silence, load: Any = None
    ) -> None:
        """`load` says how endpoints are loaded where no process runs; None: as processes do."""
        super().__init__(self)
        self.folder = folder
        self.who = who
        self._progress = progress
        self._load = load

    def run(self, command: Command[R], /) -> R:
        """Authorize a command, carry it out, record what came of it, and give back its result.

        Raises:
            ModelyardError: the command cannot be carried out; the message says what to do.
        """
        context_of = import_module("modelyard.serving.administration.context").NodeContext
        context = context_of(self.folder, self.who, self._progress, self._load)
        began = time.monotonic()
        try:
            self._require_right(command)
            result = NODE_BUS.handle(command, context)
        except errors.ModelyardError as exc:
            refused = isinstance(exc, errors.Forbidden | errors.Unauthenticated)
            if refused or not command.only_reads():
                self._note(command, began, outcome=exc.code, detail=exc.detail)
            raise
        except BaseException as exc:
            if not command.only_reads():
                self._note(command, began, outcome="broken_off", detail=repr(exc))
            raise
        if not command.only_reads():
            self._note(command, began)
        return result

    def acting(self, who: Administrator, *, progress: Progress = silence) -> Node:
        """The same node for somebody else."""
        return Node(self.folder, who, progress=progress, load=self._load)

    def _require_right(self, command: Command[Any]) -> None:
        if self.who.read_only and not command.only_reads():
            raise errors.Forbidden(
                f"the key {self.who.key} is read-only; use an admin key that may change the node"
            )

    def _note(
        self, command: Command[Any], began: float, *, outcome: str = "done", detail: str = ""
    ) -> None:
        logs = self.folder / "logs"
        if not logs.is_dir():
            return  # there is no node here
        marks = secret_fields(type(command))
        given = json.loads(command.model_dump_json(exclude_unset=True))
        import_module("modelyard.serving.audit").AuditLog(logs).note(
            self.who,
            NODE_CATALOG.name_of(type(command)),
            {name: hidden(value, marks.get(name)) for name, value in given.items()},
            outcome=outcome,
            detail=detail,
            seconds=time.monotonic() - began,
        )


def open_node(
    folder: str | Path | None = None, *, actor: str | None = None, progress: Progress = silence
) -> Node:
    """Open the API node in a folder.

    Args:
        folder: the node's folder; `MODELYARD_NODE` or `./node` when none is given. `init` makes a
            node of a new or empty one.
        actor: the name that changes are recorded under; the login name by default.
        progress: called with a message while long commands run.
    """
    chosen = folder or os.environ.get(FOLDER) or "node"
    return Node(Path(chosen).expanduser(), Administrator(actor or login_name()), progress=progress)
