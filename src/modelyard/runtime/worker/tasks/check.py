"""A check that is written in Python: called with what is known of an evaluation."""

from __future__ import annotations

import inspect
import sys
import traceback
import types
from typing import Any, Callable, Dict, Sequence

from ..problems import Problem

MODULE = "custom_check"
FUNCTION = "check"
OUTCOMES = ("ok", "warning", "error", "empty", "not_applicable")
LONGEST = 500
"""Letters of a message, and of the reason why there is none."""


def run(arguments: Dict[str, Any], progress: Callable[..., None]) -> Dict[str, str]:
    """Call the function `check` of some code.

    Args:
        arguments: `code`, its text; `name`, what tracebacks call it; `given`, values by the names
            of the parameters that take them.
        progress: called with a message and a fraction.

    Returns:
        `outcome` and `message`.

    Raises:
        Problem: it raised, or gave something else than an outcome and a message.
    """
    progress("checking", fraction=0)
    return told(called(arguments, FUNCTION), OUTCOMES)


def called(arguments: Dict[str, Any], function: str) -> Any:
    """What a function of some code returns; Problem if it raised."""
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module  # what classes of the code look for
    try:
        exec(compile(arguments["code"], arguments["name"], "exec"), module.__dict__)  # noqa: S102
        found = module.__dict__[function]
        taken = inspect.signature(found).parameters
        given = {name: value for name, value in arguments["given"].items() if name in taken}
        return found(**given)
    except BaseException as exc:  # noqa: BLE001  it may raise anything, SystemExit too
        traceback.print_exc()
        said = "".join(traceback.format_exception_only(type(exc), exc)).strip()
        raise Problem("failed", "it raised " + said[:LONGEST]) from None


def told(found: Any, outcomes: Sequence[str]) -> Dict[str, str]:
    """The outcome and message that a function returned; Problem if it returned something else."""
    outcome, message = found if isinstance(found, tuple) and len(found) == 2 else (found, "")
    wanted = str(outcome).strip().lower().replace(" ", "_") if isinstance(outcome, str) else ""
    if wanted not in outcomes or not isinstance(message, (str, type(None))):
        raise Problem(
            "failed",
            "it returned {}; it has to return one of {}, or one of these and a message".format(
                short(found), ", ".join(repr(each) for each in outcomes)
            ),
        )
    return {"outcome": wanted, "message": (message or "")[:LONGEST]}


def short(found: Any) -> str:
    """What was returned, for a message."""
    try:
        return repr(found)[:100]
    except BaseException:  # noqa: BLE001  its own __repr__ may raise anything
        return "a " + type(found).__name__
