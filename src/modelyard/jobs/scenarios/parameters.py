"""What ${name} in the arguments of steps stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from modelyard import errors
from modelyard.jobs.scenarios.types import Step

_PARAMETER = re.compile(r"\$(\$(?=\{)|\{([^{}]*)\})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
GIVEN = ("project", "scenario", "run", "date")
"""What every run has: its project, scenario and id, and the date when it began."""


def filled(value: JsonValue, values: Mapping[str, JsonValue]) -> JsonValue:
    """A JSON value with its parameters replaced; $${ stands for ${ itself.

    What is a parameter and nothing else becomes its value, whatever that is; inside of a text,
    text.

    Raises:
        Invalid: a parameter is not known.
    """
    if isinstance(value, str):
        alone = _PARAMETER.fullmatch(value)
        if alone and alone[2] is not None:
            return _value(alone[2], values)
        return _PARAMETER.sub(lambda found: _text(found, values), value)
    if isinstance(value, list):
        return [filled(part, values) for part in value]
    if isinstance(value, dict):
        return {name: filled(part, values) for name, part in value.items()}
    return value


def named_in(value: JsonValue) -> Iterator[str]:
    """The parameters that a JSON value names."""
    if isinstance(value, str):
        yield from (found[2] for found in _PARAMETER.finditer(value) if found[2] is not None)
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from named_in(part)


def require_names(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters whose names cannot be written in a step, or are taken."""
    for name in parameters:
        if not _NAME.fullmatch(name):
            raise errors.Invalid(
                f"a parameter cannot be called {name!r}: letters, digits and _, not first a digit"
            )
        if name in GIVEN:
            raise errors.Invalid(f"the parameter {name!r} is given to every run; use another name")


def require_known(given: Mapping[str, Any], known: Mapping[str, Any], scenario: str) -> None:
    """Refuse parameters that a scenario does not have."""
    for name in given:
        if name not in known:
            raise errors.NotFound.among(f"parameter of scenario {scenario}", name, known)


def is_open(step: Step, parameters: Mapping[str, JsonValue]) -> bool:
    """Whether a step names something that only a run knows."""
    return any(
        name in GIVEN or (name in parameters and parameters[name] is None)
        for name in named_in(dict(step.arguments))
    )


def _value(name: str, values: Mapping[str, JsonValue]) -> JsonValue:
    if name not in values:
        raise errors.Invalid(
            f"${{{name}}} stands for nothing; there are: {', '.join(sorted(values))} "
            "(write $${ for ${ itself)"
        )
    return values[name]


def _text(found: re.Match[str], values: Mapping[str, JsonValue]) -> str:
    if found[2] is None:
        return "$"
    value = _value(found[2], values)
    return value if isinstance(value, str) else json.dumps(value)
