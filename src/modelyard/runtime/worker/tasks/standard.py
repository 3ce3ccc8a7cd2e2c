"""A standard that is written in Python: called with what is known of a project."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ..problems import Problem
from .check import LONGEST, called, short

FUNCTION = "standard"
WORST = 5


def run(arguments: Dict[str, Any], progress: Callable[..., None]) -> Dict[str, Any]:
    """Call the function `standard` of some code.

    Args:
        arguments: `code`, its text; `name`, what tracebacks call it; `severity`, that of False;
            `given`, values by the names of the parameters that take them.
        progress: called with a message and a fraction.

    Returns:
        `severity`, from 0 (it is met) to 5, and `message`.

    Raises:
        Problem: it raised, or gave something else than that.
    """
    progress("asking", fraction=0)
    found = called(arguments, FUNCTION)
    said, message = found if isinstance(found, tuple) and len(found) == 2 else (found, "")
    if isinstance(said, bool):
        said = 0 if said else arguments["severity"]
    fits = isinstance(said, int) and 0 <= said <= WORST
    if not fits or not isinstance(message, (str, type(None))):
        raise Problem(
            "failed",
            "it returned {}; it has to return True, False or a severity from 0 to {}, or one of "
            "these and a message".format(short(found), WORST),
        )
    return {"severity": said, "message": (message or "")[:LONGEST]}
