"""A function of a Python file, called with JSON arguments."""

from __future__ import annotations

import inspect
import json
import os
import sys
import types
from typing import Any, Callable, Dict, Mapping, Optional

from .client import Client
from .problems import Problem

MODULE = "endpoint_function"
FIRST_STATUS, LAST_STATUS = 200, 599


def load(options: Mapping[str, Any]) -> Function:
    """Load a function.

    Args:
        options: `folder`, in which its file is and other modules that it imports; `file`, its name
            there; `function`, the name of the function in it.

    Raises:
        Problem: there is no such function (`invalid`).
    """
    folder, name = options["folder"], options["function"]
    sys.path.insert(0, folder)
    path = os.path.join(folder, options["file"])
    module = types.ModuleType(MODULE)
    module.__file__ = path
    sys.modules[MODULE] = module  # what classes of the file look for
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)  # noqa: S102
    function = module.__dict__.get(name)
    if not callable(function):
        there = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise Problem(
            "invalid",
            f"{options['file']} has no function {name!r}; there are: {', '.join(there) or 'none'}",
        )
    return Function(function)


class Function:
    """A function that was loaded."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._signature = inspect.signature(function)

    def describe(self) -> Dict[str, Any]:
        """Its signature."""
        return {"signature": str(self._signature)}

    def call(
        self,
        arguments: Mapping[str, Any],
        headers: Optional[Mapping[str, str]],
        client: Optional[Client] = None,
    ) -> Dict[str, Any]:
        """Call it.

        Args:
            arguments: by name.
            headers: of the request, passed on as one more argument `headers`; None: not passed on.
            client: asks other endpoints, passed on as one more argument `client`; None: it is not.

        Returns:
            `json`, what it returned as text; `status` and `headers` of the response, or None. These
            come from an object with the attributes `status`, `body` and, where it has any,
            `headers`; whatever else it returns is the body itself.

        Raises:
            Problem: the arguments are not those that it takes (`invalid`), or it returns no JSON
                (`failed`).
        """
        given = dict(arguments)
        if headers is not None:
            given["headers"] = dict(headers)
        if client is not None:
            given["client"] = client
        try:
            self._signature.bind(**given)
        except TypeError as exc:
            raise Problem("invalid", f"the function takes {self._signature}: {exc}") from exc
        returned = self._function(**given)
        status, told = None, None
        if hasattr(returned, "status") and hasattr(returned, "body"):
            status, told = _status(returned.status), getattr(returned, "headers", None)
            returned = returned.body
        try:
            text = json.dumps(returned, default=_plain)
        except (TypeError, ValueError) as exc:
            raise Problem("failed", f"the function returned what is no JSON: {exc}") from exc
        fields = None if told is None else {str(key): str(value) for key, value in told.items()}
        return {"json": text, "status": status, "headers": fields}


def _status(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Problem("failed", f"the function returned the status {value!r}, which is no number")
    if not FIRST_STATUS <= value <= LAST_STATUS:
        raise Problem(
            "failed",
            f"the function returned the status {value}; there are {FIRST_STATUS} to {LAST_STATUS}",
        )
    return int(value)


def _plain(value: Any) -> Any:
    """What NumPy, pandas and dates are in JSON."""
    for name in ("tolist", "isoformat"):
        if hasattr(value, name):
            return getattr(value, name)()
    if hasattr(value, "to_dict"):
        return value.to_dict(orient="records") if hasattr(value, "columns") else value.to_dict()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
