"""How other rooms ask about scorings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.scoring import repository
from modelyard.scoring.checkpoint import RunFolder, is_held, run_folder
from modelyard.scoring.plan import check_scoring
from modelyard.scoring.rejects import kept_rejects

__all__ = ["Freed", "check_scoring", "forget_project"]


@dataclass(frozen=True)
class Freed:
    """What forgotten runs leave behind: folders of finished chunks, refused rows."""

    folders: Sequence[RunFolder]
    rejects: Sequence[Path]

    def release(self) -> None:
        """Remove all of it, once the transaction is committed."""
        for folder in self.folders:
            folder.clear()
        for file in self.rejects:
            file.unlink(missing_ok=True)


def forget_project(context: Context, db: Connection, project: str) -> Freed:
    """Forget the runs of a project; what they wrote stays.

    Raises:
        Conflict: a scoring is running.
    """
    runs = repository.runs_of_project(db, project)
    folders = {run: run_folder(context.folder, identity) for run, identity in runs}
    for run, folder in folders.items():
        if is_held(folder):
            raise errors.Conflict(
                f"the scoring run {run} of project {project!r} is running; stop it or wait for it"
            )
    repository.forget_project(db, project)
    rejects = [kept_rejects(context.folder, run) for run in folders]
    return Freed([RunFolder(folder) for folder in folders.values()], rejects)
