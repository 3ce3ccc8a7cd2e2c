"""How other rooms ask about the files of projects."""

from __future__ import annotations

import shutil

from modelyard.files.folder import every_file
from modelyard.kernel.context import Context
from modelyard.kernel.paths import files_folder


def count_files(context: Context, project: str) -> int:
    """How many files a project has."""
    return sum(1 for _ in every_file(files_folder(context, project)))


def remove_files(context: Context, project: str) -> None:
    """Remove all files of a project that is no more."""
    shutil.rmtree(files_folder(context, project), ignore_errors=True)
