"""What one can ask of backups."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelyard.backups.types import Backup
from modelyard.kernel.command import Command
from modelyard.kernel.values import LocalPath


class CreateBackup(Command[Backup]):
    """Write the whole workspace into one file, while it is in use.

    In it are all rows as of one moment, the files of models and of projects, and the settings
    without secrets; code envs are built again where it is restored. It appears when it is whole.
    `modelyard restore` makes a workspace of it.
    """

    needs = "backups:write"
    route = "POST /backups"
    receives = "to"
    arguments = ("to",)

    to: Annotated[str, LocalPath("write")] = Field(
        description="file to write, a zip archive", examples=["modelyard-2026-11-25.zip"]
    )
    replace: bool = Field(default=False, description="replace a file that is there")
