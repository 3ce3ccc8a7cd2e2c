"""Keeping pandas out of a process: pyarrow imports it with the first array where it is installed.

That takes most of a second and tens of megabytes, for frames that no node makes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Absent(MetaPathFinder):
    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("this process does without pandas", name=fullname)


def do_without_pandas() -> None:
    """Have this process find no pandas, unless it has it already."""
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _Absent())
