"""What takes long to make, made once for all the processes of a run."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that whoever asks first makes, while others wait; nobody changes it afterwards."""
    top = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ and "MODELYARD_DATABASE" not in os.environ:
        top = top.parent  # a database server is one process's own
    folder, made = top / f"shared-{name}", top / f"shared-{name}.made"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what one left that failed
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
