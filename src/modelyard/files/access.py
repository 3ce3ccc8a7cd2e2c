"""How other rooms ask about the files of projects."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors
from modelyard.files import folder
from modelyard.files.folder import every_file
from modelyard.kernel.context import Context
from modelyard.kernel.paths import files_folder

__all__ = ["count_files", "every_file"]


def count_files(context: Context, project: str) -> int:
    """How many files a project has."""
    return sum(1 for _ in every_file(files_folder(context, project)))


def room(context: Context, project: str, target: Path) -> Room | None:
    """The room that a file has beside the others of its project; None: there is no limit."""
    top = files_folder(context, project)
    if not context.settings.files.quota_mb or not target.is_relative_to(top):
        return None
    return Room(context, project, target)


@dataclass(frozen=True)
class Room:
    """The room for one file of a project, where a setting limits it."""

    context: Context
    project: str
    target: Path

    def left(self) -> int:
        """The bytes that the file may have at this moment."""
        return folder.room(self.context, self.project, self.target) or 0

    def refused(self) -> errors.Blocked:
        """The error for a file that has more."""
        return folder.over_quota(self.context, self.project, f"{self.target.name} has no room")


def sweep_transit(context: Context) -> None:
    """Remove what clients left behind in any project, see `folder.sweep_transit`."""
    with suppress(FileNotFoundError):
        for place in files_folder(context, None).iterdir():
            folder.sweep_transit(context, place.name)
