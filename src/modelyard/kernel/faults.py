"""Wrong values in words: what a validation found, as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from modelyard import errors
from modelyard.kernel.values import PATTERNS

LOOKED_AT = 1000
"""Faults of which any is told: each takes a kilobyte and some microseconds."""
TOLD = 20
SHOWN = 200
"""Letters of a wrong value that a message repeats."""
_TRUTH = "must be true or false"
_WHOLE = "must be a whole number"
_NUMBER = "must be a number"
_LIST = "must be a list"
_OBJECT = "must be an object, as in JSON"
_MOMENT = "must be a date with a time, such as 2026-07-01T09:30:00Z"
_DAY = "must be a day, such as 2026-07-01"
WORDS = {
    "missing": "is needed and was not given",
    "extra_forbidden": "is not known here",
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "has too many digits",
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_type": "must be text",
    "string_unicode": "must be text in UTF-8",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "literal_error": "must be {expected}",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "union_tag_invalid": "its {discriminator} must be one of {expected_tags}",
    "union_tag_not_found": "needs {discriminator}, which says what it is",
    "invalid-json-value": "must be a value that JSON has",
    "json_invalid": "cannot be read as JSON: {error}",
}
"""What is wrong, by pydantic's name for it and with the facts that it gives."""
_NOT_THERE = {"missing", "extra_forbidden"}
_NOT_EMPTY = {"string_too_short", "too_short"}


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
    found = _told_once(exc.errors(include_url=False))
    faults = [
        {"field": ".".join(map(str, fault["loc"])), "problem": _problem(dict(fault), secret)}
        for fault in found[:TOLD]
    ]
    said = [f"{called(f['field'])}: {f['problem']}" if f["field"] else f["problem"] for f in faults]
    more = [f"and {len(found) - TOLD} more"] if len(found) > TOLD else []
    return errors.Invalid("; ".join([*said, *more]), faults=faults)


def _told_once(found: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without lists that are too short only because items that were given in them are wrong."""
    above = {fault["loc"][:depth] for fault in found for depth in range(len(fault["loc"]))}
    return [each for each in found if each["type"] != "too_short" or each["loc"] not in above]


def problem(fault: Mapping[str, Any]) -> str:
    """What is wrong with one value, of what `ValidationError.errors` lists."""
    kind, facts = fault["type"], fault.get("ctx", {})
    if kind in _NOT_EMPTY and facts["min_length"] == 1:
        return "must not be empty"
    if kind == "string_pattern_mismatch" and facts["pattern"] in PATTERNS:
        return PATTERNS[facts["pattern"]]
    if kind in WORDS:
        return WORDS[kind].format_map({name: _shown(fact) for name, fact in facts.items()})
    return str(fault["msg"]).removeprefix("Value error, ")


def located(fault: Mapping[str, Any]) -> str:
    """The same, with where the value stands."""
    where = ".".join(map(str, fault["loc"]))
    return f"{where}: {problem(fault)}" if where else problem(fault)


def _shown(fact: Any) -> str:
    return f"{fact:g}" if isinstance(fact, float) else str(fact)


def _problem(fault: dict[str, Any], secret: Container[object]) -> str:
    said = problem(fault)
    if fault["type"] in _NOT_THERE or not fault["loc"] or fault["loc"][0] in secret:
        return said
    given = repr(fault["input"])
    return f"{said} (given: {given if len(given) <= SHOWN else given[:SHOWN] + '…'})"
