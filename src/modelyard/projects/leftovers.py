"""The files that a deleted project leaves: whoever makes a project of its key later has none."""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress

from modelyard.kernel.context import Context
from modelyard.kernel.paths import files_folder


def put_aside(context: Context, key: str) -> None:
    """Take what lies in the files of a key out of the way, at once.

    Called in a transaction that goes alone, while no project of this key holds anything.
    """
    folder = files_folder(context, key)
    with suppress(FileNotFoundError):
        folder.rename(folder.with_name(f".{uuid.uuid4().hex}.deleted"))


def remove_what_is_aside(context: Context) -> None:
    """Remove what was put aside, also by a process that died before it could."""
    for folder in files_folder(context, None).glob(".*.deleted"):
        shutil.rmtree(folder, ignore_errors=True)  # a late file: whoever is next removes it
