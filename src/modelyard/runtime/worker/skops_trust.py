"""What skops may load is decided by our own list; skops itself loads only if the model asks for it.

Importing skops imports all of scikit-learn, which takes longer than everything else that is loaded
for a model: so it is changed at the moment somebody imports it.
"""

from __future__ import annotations

import contextlib
import fnmatch
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Iterator, Optional, Sequence

from .problems import Problem

SKOPS = "skops.io"


@contextlib.contextmanager
def skops_trusting(trusted: Sequence[str]) -> Iterator[None]:
    """Let our own list decide what skops loads, whatever list MLflow hands it.

    Args:
        trusted: types that a file may hold beside those skops itself trusts; `package.*` stands for
            all of a package.
    """
    guard = _Guard(trusted)
    sys.meta_path.insert(0, guard)
    try:
        if SKOPS in sys.modules:
            guard.change(sys.modules[SKOPS])
        yield
    finally:
        sys.meta_path.remove(guard)
        guard.change_back()


class _Guard(MetaPathFinder):
    """Finds skops as Python does, and changes it as soon as it is there."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = tuple(trusted)
        self._skops: Any = None
        self._load: Any = None

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """Find skops alone; whatever else is imported is none of our business."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == SKOPS else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self.change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def change(self, skops: Any) -> None:
        """Put our way of loading in place of its own."""
        self._skops, self._load = skops, skops.load
        skops.load = self._load_trusted

    def change_back(self) -> None:
        """Leave skops as it was."""
        if self._skops is not None:
            self._skops.load = self._load

    def _load_trusted(self, file: Any, trusted: Any = None) -> Any:
        found = self._skops.get_untrusted_types(file=file)
        unknown = [
            name for name in found if not any(fnmatch.fnmatchcase(name, ok) for ok in self._trusted)
        ]
        if unknown:
            raise Problem(
                "invalid",
                f"the model's file holds types that are not trusted: {', '.join(unknown)}; if you "
                "trust who made the model, add them to imports under [trust] in the settings",
                untrusted=unknown,
            )
        return self._load(file, trusted=found)
