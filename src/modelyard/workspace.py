"""The composition root: opens the store and runs commands in this process."""

from __future__ import annotations

import getpass
import os
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from modelyard.kernel.bus import Bus
from modelyard.kernel.command import Command
from modelyard.kernel.progress import Progress, silence
from modelyard.verbs import Verbs

R = TypeVar("R")

BUS: Bus[Any] = Bus(
    f"modelyard.{room}" for room in ("projects", "data", "runtime", "models", "scoring")
)
FOLDER = ".modelyard"


class Workspace(Verbs):
    """A workspace folder on this machine.

    It is opened when the first command runs; until then nothing is read or written.
    """

    def __init__(self, folder: Path, *, actor: str, progress: Progress = silence) -> None:
        self.folder = folder
        self._actor = actor
        self._progress = progress
        self._context: Any = None
        super().__init__(self)

    def run(self, command: Command[R], /) -> R:
        """Carry a command out and give back its result.

        Raises:
            ModelyardError: the command cannot be carried out; the message says what to do.
        """
        if self._context is None:
            self._context = self.open()
        return BUS.handle(command, self._context)

    def close(self) -> None:
        """Let go of the database; the next command opens it again."""
        if self._context is not None:
            self._context.engine.dispose()
            self._context = None

    def open(self) -> Any:
        """Open the folder now; gives what handlers are given."""
        # The store brings SQLAlchemy, which help pages and completions should not wait for.
        opening = import_module("modelyard.store.opening")
        return opening.open_context(
            self.folder, actor=self._actor, caller=self, progress=self._progress
        )


def open_workspace(
    folder: str | Path | None = None, *, actor: str | None = None, progress: Progress = silence
) -> Workspace:
    """Open the workspace in a folder.

    Args:
        folder: the workspace's folder, made on first use; `MODELYARD_WORKSPACE` or `./.modelyard`
            when none is given.
        actor: the name that imports and changes are recorded under; the login name by default.
        progress: called with a message, a fraction and a number of rows while long commands run.
    """
    chosen = Path(folder or os.environ.get("MODELYARD_WORKSPACE") or FOLDER).expanduser()
    return Workspace(chosen.absolute(), actor=actor or login_name(), progress=progress)


def login_name() -> str:
    """The name of whoever runs this process; containers may run as a number without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
