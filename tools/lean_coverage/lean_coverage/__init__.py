"""Counts which lines run by marks that they make, since before Python 3.12 tracing is slow.

A traced Python is half as fast in all code, libraries too. So the code that is measured makes marks
instead (`marking`): bytes in one file that all processes map into memory, so that also those count
that fork or are killed. Coverage reports what they say (`reporting`).

A package of its own, since it starts with the interpreter, before there is a folder to import from.
"""

from __future__ import annotations

import builtins
import marshal
import mmap
import os
from importlib.machinery import SourceFileLoader
from types import CodeType

FOLDER = "LEAN_COVERAGE"
"""The variable with the folder of the marks and of the code that makes them."""
MARKS, SOURCES = "marks", "sources"
"""The file of the marks, and that of the folders whose code is measured, a line each."""
NAME = "__marks__"
"""The builtin that measured code writes to."""


def start() -> None:
    """Have measured modules of this process make marks."""
    folder = os.environ[FOLDER]
    with open(f"{folder}/{MARKS}", "r+b") as file:  # noqa: PTH123  (nothing more is imported)
        setattr(builtins, NAME, mmap.mmap(file.fileno(), 0))
    with open(f"{folder}/{SOURCES}", encoding="utf-8") as file:  # noqa: PTH123
        sources = tuple(file.read().splitlines())
    usual = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        if not loader.path.startswith(sources):
            return usual(loader, name)
        with open(folder + loader.path, "rb") as file:  # noqa: PTH123
            return marshal.load(file)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
