"""Options of a driver: a type of its own for each, kept with the infrastructure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, JsonValue, ValidationError

from modelyard import errors
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import Value

T = TypeVar("T")
FIELD = "option"
"""What commands call them."""


class Options(Value):
    """What one driver has to know of an infrastructure; each has a default, or is needed."""


class NoOptions(Options):
    """For a driver that has to know nothing more."""


def _split(given: Any) -> Any:
    """A list that was typed as `a,b` or one a line."""
    if not isinstance(given, str):
        return given
    return [part.strip() for part in given.replace("\n", ",").split(",") if part.strip()]


def _paired(given: Any) -> Any:
    """Texts under names that were typed as `a=1,b=2`, or one a line."""
    if not isinstance(given, str):
        return given
    parts = _split(given)
    if lacking := [part for part in parts if "=" not in part]:
        raise ValueError(f"must be name=text, and {lacking[0]!r} is not")
    return {name.strip(): text.strip() for name, _, text in (p.partition("=") for p in parts)}


Listed = Annotated[tuple[T, ...], BeforeValidator(_split)]
"""A list, which may be typed as one text with commas."""
Paired = Annotated[dict[T, str], BeforeValidator(_paired)]
"""Texts under names, which may be typed as one text: `a=1,b=2`."""


def read_options(driver: str, kind: type[Options], given: Mapping[str, Any]) -> Options:
    """The options of a driver.

    Raises:
        Invalid: the driver has none of that name, one that it needs is missing, or a value is
            wrong; the message names it as it is given.
    """
    known = kind.model_fields
    if unknown := next((name for name in given if name not in known), None):
        has = f"it has: {', '.join(known)}" if known else "it has none"
        raise errors.Invalid(f"the driver {driver} has no option {unknown!r}; {has}", field=FIELD)
    try:
        return kind.model_validate(given)
    except ValidationError as exc:
        told = invalid(exc, called=lambda name: f"option {name}")
        faults = [
            {**fault, "field": f"{FIELD}.{fault['field']}" if fault["field"] else FIELD}
            for fault in told.context["faults"]
        ]
        raise errors.Invalid(told.detail, faults=faults) from None


def merged(before: Mapping[str, JsonValue], given: Mapping[str, Any]) -> dict[str, Any]:
    """Options with what was given; what is empty goes back to its default."""
    both = {**before, **given}
    return {name: value for name, value in both.items() if value not in (None, "", [], {})}


def kept(options: Options) -> dict[str, JsonValue]:
    """What is written down of options: what was said, each in its own type."""
    return options.model_dump(mode="json", exclude_unset=True)
