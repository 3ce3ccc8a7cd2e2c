"""A plugin of coverage: libraries are imported, and classes of Pydantic made, without being traced.

What libraries do is not counted, but before Python 3.12 being traced makes all of their lines slow.
Each of the thousand processes of the tests imports a dozen libraries, and makes four hundred
classes of Pydantic. It is a package of its own since coverage starts with the interpreter, before
there is a folder to import from.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

INSTALLED = (sys.prefix, sys.base_prefix)
MAKES_CLASSES = "pydantic._internal._model_construction"
Execute = Callable[[SourceFileLoader, ModuleType], None]


class _Suspended(threading.local):
    tracer: Any = None


_suspended = _Suspended()


def lean(execute: Execute) -> Execute:
    """Wrap what executes a module: tracing pauses in a library, and goes on in what is ours."""

    @functools.wraps(execute)
    def execute_leanly(loader: SourceFileLoader, module: ModuleType) -> None:
        before, suspended = sys.gettrace(), _suspended.tracer
        tracer = before or suspended
        _suspended.tracer = tracer
        sys.settrace(None if loader.path.startswith(INSTALLED) else tracer)
        try:
            execute(loader, module)
        finally:
            sys.settrace(before)
            _suspended.tracer = suspended
        if module.__name__ == MAKES_CLASSES:
            module.ModelMetaclass.__new__ = untraced(module.ModelMetaclass.__new__)

    return execute_leanly


def untraced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a library's function that calls nothing of ours: tracing pauses in it."""

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*args, **named)
        finally:
            sys.settrace(tracer)

    return call


def coverage_init(_registry: object, _options: object) -> None:
    """Coverage starts."""
    SourceFileLoader.exec_module = lean(SourceFileLoader.exec_module)
