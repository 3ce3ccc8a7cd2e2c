"""A function about governed items that is written in Python: called once for each of some items."""

from __future__ import annotations

import inspect
import json
import sys
import traceback
import types
from typing import Any, Callable, Dict, List

from ..problems import Problem
from .check import LONGEST, MODULE, short

LARGEST = 1 << 20
"""Letters of JSON that it may return of one item."""


def run(arguments: Dict[str, Any], progress: Callable[..., None]) -> Dict[str, List[Any]]:
    """Call a function of some code.

    Args:
        arguments: `code`, its text; `name`, what tracebacks call it; `function`, what it is called;
            `calls`, for each item values by the names of the parameters that take them.
        progress: called with a message and a fraction.

    Returns:
        `results`: of each call `value`, what it returned, or `problem`, why there is none.

    Raises:
        Problem: the code cannot be loaded.
    """
    progress("calling", fraction=0)
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module  # what classes of the code look for
    try:
        exec(compile(arguments["code"], arguments["name"], "exec"), module.__dict__)  # noqa: S102
        function = module.__dict__[arguments["function"]]
        taken = inspect.signature(function).parameters
    except BaseException as exc:  # noqa: BLE001  it may raise anything, SystemExit too
        raise Problem("failed", _said(exc)) from None
    return {"results": [_result(function, taken, given) for given in arguments["calls"]]}


def _result(function: Callable[..., Any], taken: Any, given: Dict[str, Any]) -> Dict[str, Any]:
    try:
        found = function(**{name: value for name, value in given.items() if name in taken})
    except BaseException as exc:  # noqa: BLE001
        return {"problem": _said(exc)}
    try:
        text = json.dumps(found, allow_nan=False)
    except BaseException:  # noqa: BLE001  also of what it made itself
        return {"problem": "it returned {}, which is no JSON".format(short(found))}
    if len(text) > LARGEST:
        return {"problem": "it returned {:,} letters of JSON".format(len(text))}
    return {"value": json.loads(text)}


def _said(exc: BaseException) -> str:
    traceback.print_exc()
    said = "".join(traceback.format_exception_only(type(exc), exc)).strip()
    return "it raised " + said[:LONGEST]
