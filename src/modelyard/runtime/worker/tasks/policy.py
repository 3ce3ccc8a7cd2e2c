"""A clause of a policy that is written in Python: called with what is known of a version."""

from __future__ import annotations

from typing import Any, Callable, Dict

from .check import LONGEST, called, told

FUNCTION = "check"
OUTCOMES = ("pass", "pending", "fail")


def run(arguments: Dict[str, Any], progress: Callable[..., None]) -> Dict[str, str]:
    """Call the function `check` of some code.

    Args:
        arguments: `code`, its text; `name`, what tracebacks call it; `given`, the evidence.
        progress: called with a message and a fraction.

    Returns:
        `outcome` and `message`. Nothing returned passes; a text that is no outcome is why it fails.

    Raises:
        Problem: it raised, or gave something else than an outcome and a reason.
    """
    progress("asking the clause", fraction=0)
    found = called(arguments, FUNCTION)
    if found is None:
        return {"outcome": "pass", "message": ""}
    if isinstance(found, str) and found.strip() and found.strip().lower() not in OUTCOMES:
        return {"outcome": "fail", "message": found[:LONGEST]}
    return told(found, OUTCOMES)
