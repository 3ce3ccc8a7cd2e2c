"""Finding the Python that a model asks for, or the nearest one there is."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors
from modelyard.runtime.envs.uv import Uv
from modelyard.runtime.types import Relaxation

OLDEST = (3, 8)
"""The oldest Python that workers run on."""

_VERSION = re.compile(r"3\.(\d+)\.\d+")


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine."""

    path: Path
    version: str
    """Such as 3.10.13."""

    @property
    def minor(self) -> str:
        """Such as 3.10: pickled functions and compiled packages belong to one minor."""
        return ".".join(self.version.split(".")[:2])


def minor_of(version: str | None) -> tuple[int, int] | None:
    """Read 3.10 out of `3.10.13`, `>=3.10` or `3.10.*`; None where no minor is named."""
    match = re.search(r"(\d+)\.(\d+)", version or "")
    return (int(match[1]), int(match[2])) if match else None


def find_python(wanted: str | None, uv: Uv, *, download: bool, exact: bool) -> Interpreter:
    """Find the Python of the wanted minor, else the nearest one.

    Looked at are the Python that runs Modelyard, pyenv's versions, and what uv finds: its own
    Pythons and the search path.

    Args:
        wanted: a Python version; None for the one that runs Modelyard.
        uv: asked for Pythons.
        download: let uv download the wanted minor.
        exact: refuse the nearest.

    Raises:
        NotFound: the minor is not there and `exact` is set.
    """
    minor = minor_of(wanted)
    running = _running()
    if minor is None or running.minor == _dotted(minor):
        return running
    if minor >= OLDEST:
        found = _newest(_pyenv(), minor) or _asked(_dotted(minor), uv, download=download)
        if found:
            return found
    there = [running, *_pyenv(), *_listed(uv)]
    usable = [python for python in there if (minor_of(python.version) or (0, 0)) >= OLDEST]
    if exact:
        minors = sorted({_sort_key(python.minor) for python in usable})
        raise errors.NotFound(
            f"there is no Python {_dotted(minor)} on this machine that workers can run on, but "
            f"{', '.join(map(_dotted, minors))}; install it (pyenv, uv python install), or set "
            "envs.download_python"
        )
    return min(usable, key=lambda python: _distance(python.minor, minor))


def note_python(wanted: str | None, built: str, why: str = "") -> tuple[Relaxation, ...]:
    """Say what another minor than the wanted one means; nothing where it is the same.

    Args:
        wanted: the version that a model asks for.
        built: the version that is used.
        why: why it is; by default because the wanted one is not there.
    """
    minor = minor_of(wanted)
    if minor is None or minor == minor_of(built):
        return ()
    missing = (
        f"there is no Python {_dotted(minor)} on this machine"
        if minor >= OLDEST
        else f"workers need Python {_dotted(OLDEST)} or newer"
    )
    return (
        Relaxation(
            asked=f"Python {wanted}",
            built=f"Python {built}",
            reason=f"{why or missing}; functions and classes pickled as code objects belong to one "
            "minor version: a model that holds any may not load, or may crash its worker",
        ),
    )


def _running() -> Interpreter:
    base = getattr(sys, "_base_executable", sys.executable)  # a venv may go, its base stays
    return Interpreter(Path(base), ".".join(map(str, sys.version_info[:3])))


def _pyenv() -> Iterator[Interpreter]:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for folder in sorted(root.glob("3.*")):
        python = folder / "bin" / "python"
        if _VERSION.fullmatch(folder.name) and os.access(python, os.X_OK):
            yield Interpreter(python, folder.name)


def _newest(pythons: Iterator[Interpreter], minor: tuple[int, int]) -> Interpreter | None:
    same = [python for python in pythons if python.minor == _dotted(minor)]
    return max(same, key=lambda python: _sort_key(python.version), default=None)


def _asked(minor: str, uv: Uv, *, download: bool) -> Interpreter | None:
    """The minor as uv finds it, downloaded first where that is allowed."""
    found = next((python for python in _listed(uv, minor)), None)
    if found is None and download:
        uv.heard(f"downloading Python {minor}")
        if uv.run("python", "install", "--no-bin", minor).code == 0:
            found = next(_listed(uv, minor), None)
    return found


def _listed(uv: Uv, *minor: str) -> Iterator[Interpreter]:
    answer = uv.run("python", "list", "--only-installed", "--output-format", "json", *minor)
    listed = next((line for line in answer.said.splitlines() if line.startswith("[")), "[]")
    for entry in json.loads(listed):
        kind = (entry["implementation"], entry.get("variant", "default"))
        if kind == ("cpython", "default") and _VERSION.fullmatch(entry["version"]):
            yield Interpreter(Path(entry["path"]), entry["version"])


def _dotted(parts: tuple[int, ...]) -> str:
    return ".".join(map(str, parts))


def _sort_key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _distance(candidate: str, wanted: tuple[int, int]) -> tuple[int, int, bool]:
    """How far a minor is from the wanted one; of two as near, the newer has more wheels."""
    major, minor = _sort_key(candidate)
    return abs(major - wanted[0]), abs(minor - wanted[1]), minor < wanted[1]
