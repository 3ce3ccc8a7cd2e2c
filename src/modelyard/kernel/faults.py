"""Wrong values in words: what a validation found, as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.values import PATTERNS

LOOKED_AT = 1000
"""Faults of which any is told: each takes a kilobyte and some microseconds."""
TOLD = 20
SHOWN = 200
"""Letters of a wrong value that a message repeats."""


def invalid(
    exc: ValidationError, *, called: Callable[[str], str] = str, secret: Container[object] = ()
) -> errors.Invalid:
    """The error that says which values were wrong; `called` says what a reader calls a field.

    It tells the first few. The values of `secret` fields, and of whole documents, are not repeated.
    Its context holds `faults`, each with `field` and `problem`.
    """
    if exc.error_count() > LOOKED_AT:
        return errors.Invalid(
            f"{exc.error_count():,} values are wrong; send fewer to learn of each"
        )
    found = exc.errors(include_url=False)
    faults = [
        {"field": ".".join(map(str, fault["loc"])), "problem": _problem(dict(fault), secret)}
        for fault in found[:TOLD]
    ]
    said = [f"{called(f['field'])}: {f['problem']}" if f["field"] else f["problem"] for f in faults]
    more = [f"and {len(found) - TOLD} more"] if len(found) > TOLD else []
    return errors.Invalid("; ".join([*said, *more]), faults=faults)


def _problem(fault: dict[str, Any], secret: Container[object]) -> str:
    if fault["type"] == "missing":
        return "is needed and was not given"
    if fault["type"] == "extra_forbidden":
        return "is not known here"
    said = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "string_pattern_mismatch":
        said = PATTERNS.get(fault["ctx"]["pattern"], said)
    if not fault["loc"] or fault["loc"][0] in secret:
        return said
    given = repr(fault["input"])
    return f"{said} (given: {given if len(given) <= SHOWN else given[:SHOWN] + '…'})"
