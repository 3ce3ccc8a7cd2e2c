"""Files of this machine that something is fetched into: free before, whole afterwards."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from modelyard import errors


def require_free(target: Path, *, replace: bool) -> None:
    """Refuse a place that could not take a file.

    Raises:
        NotFound: its folder is not there.
        Conflict: something is there already.
    """
    if not target.parent.is_dir():
        raise errors.NotFound(f"the folder {target.parent} is not there; make it first")
    if target.is_dir():
        raise errors.Conflict(f"{target} is a folder; name a file")
    if target.exists() and not replace:
        raise errors.Conflict(f"there is a file {target} already; use --replace, or another path")


def described(file: Path, told: Any) -> None:
    """Check a file against the size and digest that were told of it, where they were.

    Raises:
        Unavailable: it did not arrive whole.
    """
    size, digest = getattr(told, "size", None), getattr(told, "sha256", None)
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if (size is not None and file.stat().st_size != size) or (digest and found != digest):
        raise errors.Unavailable(f"{file.name} did not arrive whole; fetch it again")


def settle(partial: Path, target: Path, *, replace: bool) -> None:
    """Give a file that arrived its name.

    Raises:
        Conflict: something came there meanwhile.
        Failed: the system refuses.
    """
    try:
        if replace:
            partial.replace(target)
        else:
            os.link(partial, target)
    except FileExistsError as exc:
        raise errors.Conflict(f"there is a file {target} by now; use another path") from exc
    except OSError as exc:
        raise errors.Failed(f"{target} cannot be written: {exc.strerror}") from exc
