"""What MLflow brings along for language models is executed when something asks for it.

`import mlflow` executes its evaluation of language models and its gateway to them, with the web
framework that serves it: a fifth of what it takes to start a worker, and no use to most models.
"""

from __future__ import annotations

import sys
import threading
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Optional, Sequence

POSTPONED = frozenset({"mlflow.gateway", "mlflow.genai"})
OF_IMPORTING = frozenset({"__class__", "__name__", "__spec__"})
"""What importing itself looks at."""


def postpone() -> None:
    """Postpone the execution of these modules, from now on and to the end of the process."""
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds these modules as Python does."""

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """Find one of them; whatever else is imported is none of our business."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in POSTPONED else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            module.__dict__["__postponed__"] = _Execution(module, execute)
            module.__class__ = _Postponed

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


class _Execution:
    """The execution of a module that waits.

    `importlib.util.LazyLoader` lets threads see a module that another one still executes before
    Python 3.12, and leaves a half of one that fails.
    """

    def __init__(self, module: ModuleType, execute: Any) -> None:
        self._module = module
        self._execute = execute
        self._lock = threading.RLock()
        self._waits = True

    def happen(self) -> None:
        """Execute the module, unless this thread is at it; other threads wait."""
        with self._lock:
            if not self._waits:
                return
            self._waits = False
            try:
                self._execute(self._module)
            except BaseException:
                self._waits = True  # whoever asks next hears of it, too
                raise
            self._module.__class__ = ModuleType


class _Postponed(ModuleType):
    """A module that is executed before anybody sees what is in it."""

    def __getattribute__(self, name: str) -> Any:
        if name not in OF_IMPORTING:
            ModuleType.__getattribute__(self, "__dict__")["__postponed__"].happen()
        return ModuleType.__getattribute__(self, name)
