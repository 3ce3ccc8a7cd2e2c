"""What ${name} in the arguments of steps stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from modelyard import errors
from modelyard.jobs.scenarios.types import Scenario
from modelyard.kernel.values import PATTERNS, VARIABLE_PATTERN

_PARAMETER = re.compile(r"\$(\$(?=\{)|\{([^{}]*)\})")
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


def require_small(value: JsonValue, values: Mapping[str, JsonValue], most: int) -> None:
    """Refuse a JSON value that its parameters would make larger than `most` letters."""
    lengths = {name: len(json.dumps(values[name])) for name in {*named_in(value)} & {*values}}
    if sum(lengths.get(name, 0) for name in named_in(value)) > most:
        raise errors.Invalid(
            f"its arguments would have more than {most:,} letters with what their parameters stand "
            "for; put data into a file and name it"
        )


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
        if not re.fullmatch(VARIABLE_PATTERN, name):
            raise errors.Invalid(
                f"a parameter cannot be called {name!r}: {PATTERNS[VARIABLE_PATTERN]}"
            )
        if name in GIVEN:
            raise errors.Invalid(f"the parameter {name!r} is given to every run; use another name")


def require_known(given: Mapping[str, Any], known: Mapping[str, Any], scenario: str) -> None:
    """Refuse parameters that a scenario does not have."""
    for name in given:
        if name not in known:
            raise errors.NotFound.among(f"parameter of scenario {scenario}", name, known)


def known_to(
    scenario: Scenario, variables: Mapping[str, JsonValue], *, run: str, date: str
) -> dict[str, JsonValue]:
    """What each ${name} stands for in a run of a scenario, unless the run says otherwise."""
    return {
        **{f"project.{name}": value for name, value in variables.items()},
        **scenario.parameters,
        "project": scenario.project,
        "scenario": scenario.name,
        "run": run,
        "date": date,
    }


def unknown(names: Iterable[str], values: Mapping[str, JsonValue]) -> errors.Invalid:
    """The error for parameters that nobody declares."""
    said = ", ".join(f"${{{name}}}" for name in dict.fromkeys(names))
    return errors.Invalid(
        f"{said} stands for nothing; there are: {', '.join(sorted(values))} (a variable of the "
        "project is written ${project.NAME}; write $${ for ${ itself)"
    )


def _value(name: str, values: Mapping[str, JsonValue]) -> JsonValue:
    if name not in values:
        raise unknown([name], values)
    return values[name]


def _text(found: re.Match[str], values: Mapping[str, JsonValue]) -> str:
    if found[2] is None:
        return "$"
    value = _value(found[2], values)
    return value if isinstance(value, str) else json.dumps(value)
