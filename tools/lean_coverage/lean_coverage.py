"""A plugin of coverage: libraries are imported, and do their longest work, without being traced.

What libraries do is not counted, but before Python 3.12 being traced makes all of their lines slow.
Each of the thousand processes of the tests imports a dozen libraries and makes seven hundred
classes of Pydantic, and pytest passes through thousands of its own lines for each test. It is a
package of its own since coverage starts with the interpreter, before there is a folder to import
from.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

INSTALLED = (sys.prefix, sys.base_prefix)
UNTRACED = {
    "_pytest.main": ("Session.perform_collect",),
    "_pytest.runner": ("runtestprotocol",),
    "altair.utils.schemapi": ("SchemaBase.__init__", "SchemaBase.from_dict", "SchemaBase.to_dict"),
    "altair.vegalite.v6.api": ("TopLevelMixin.to_dict", "layer"),
    "pydantic._internal._model_construction": ("ModelMetaclass.__new__",),
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting": (
        "BaseHistGradientBoosting.fit",
        "HistGradientBoostingClassifier.predict_proba",
        "HistGradientBoostingRegressor.predict",
    ),
    "sqlalchemy.sql.schema": ("MetaData.create_all",),
    "xdist.remote": ("WorkerInteractor.run_one_test",),
}
"""Functions that work long, by module."""
TRACED = {
    "_pytest.fixtures": ("call_fixture_func",),
    "_pytest.python": ("Function.runtest",),
    "_pytest.runner": ("SetupState.teardown_exact",),
    "sqlalchemy.ext.compiler": ("_dispatcher.__call__",),
}
"""Those by which these call what is ours."""
Function = Callable[..., Any]
Execute = Callable[[SourceFileLoader, ModuleType], None]


class _Suspended(threading.local):
    def __init__(self) -> None:
        self.tracer: Any = None
        self.outside: list[tuple[Any, Any]] = []


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
        change(module)

    return execute_leanly


def untraced(function: Function) -> Function:
    """Wrap a function of a library: tracing pauses in it.

    A tracer that counts frames sees both the beginning and the end of this one. What was before is
    no local name of it: classes of Pydantic keep those of the frames that make them.
    """

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        _suspended.outside.append((sys.gettrace(), _suspended.tracer))
        _suspended.tracer = sys.gettrace() or _suspended.tracer
        sys.settrace(None)
        try:
            return function(*args, **named)
        finally:
            _suspended.tracer = _suspended.outside[-1][1]
            sys.settrace(_suspended.outside.pop()[0])

    return call


def traced(function: Function) -> Function:
    """Wrap a function of a library by which it calls what is ours: tracing goes on in it."""

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        before = sys.gettrace()
        sys.settrace(before or _suspended.tracer)
        try:
            return function(*args, **named)
        finally:
            sys.settrace(before)

    return call


def change(module: ModuleType) -> None:
    """Have functions of a library traced or not, if it is one of those above."""
    for functions, wrap in ((UNTRACED, untraced), (TRACED, traced)):
        for path in functions.get(module.__name__, ()):
            where, _, name = path.rpartition(".")
            owner = getattr(module, where) if where else module
            found = inspect.getattr_static(owner, name)
            if isinstance(found, classmethod | staticmethod):
                setattr(owner, name, type(found)(wrap(found.__func__)))
            else:
                setattr(owner, name, wrap(found))


def coverage_init(_registry: object, _options: object) -> None:
    """Coverage starts, maybe anew in this process."""
    if not hasattr(SourceFileLoader.exec_module, "__wrapped__"):
        SourceFileLoader.exec_module = lean(SourceFileLoader.exec_module)
        for name in {*UNTRACED, *TRACED} & sys.modules.keys():
            change(sys.modules[name])
