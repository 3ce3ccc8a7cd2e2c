"""Which paths the files of an archive may have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from modelyard import errors

LONGEST_PATH = 1024
LONGEST_NAME = 255
DRIVE = re.compile(r"^[A-Za-z]:")


def require_path(path: str) -> None:
    """Refuse a path that leads elsewhere, or that not every machine can hold.

    Raises:
        Invalid: the message says which.
    """
    parts = path.split("/")
    if path.startswith("/") or DRIVE.match(path):
        problem = "is an absolute path"
    elif ".." in parts:
        problem = "leads out of the archive"
    elif not path or "" in parts or "." in parts or "\\" in path:
        problem = "is no plain path"
    elif any(unicodedata.category(letter) in ("Cc", "Cs") for letter in path):
        problem = "has control characters in its name"
    elif len(path) > LONGEST_PATH or any(len(part.encode()) > LONGEST_NAME for part in parts):
        problem = "is too long"
    else:
        return
    raise errors.Invalid(f"{path[:LONGEST_NAME]!r} {problem}")


def require_apart(paths: Collection[str]) -> None:
    """Refuse paths of which one is a file and a folder at once.

    Raises:
        Invalid: the message names the first of them.
    """
    for path in paths:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if (above := "/".join(parts[:depth])) in paths:
                raise errors.Invalid(f"{above!r} is a file and a folder in it")
