"""The id of a node: made once in its folder, and the same from then on, wherever that is."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

FILE = "node.id"


def own_id(folder: Path) -> str:
    """The id in a folder, made now if there is none; of several processes the first makes it."""
    file = folder / FILE
    if not file.exists():
        beside = folder / f".{FILE}.{uuid.uuid4().hex}"
        beside.write_text(f"{uuid.uuid4().hex}\n")
        try:
            with suppress(FileExistsError):
                os.link(beside, file)
        finally:
            beside.unlink()
    return file.read_text("utf-8").strip()
