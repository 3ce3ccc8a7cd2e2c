"""What ${name} in the arguments of steps stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import JsonValue

from modelyard import errors
from modelyard.jobs.scenarios.types import Scenario
from modelyard.kernel.values import PATTERNS, VARIABLE_PATTERN

GIVEN = (
    *("project", "scenario", "run", "date", "yesterday", "week_start", "last_week_start"),
    *("last_week", "month_start", "last_month_start", "last_month"),
)
"""What every run has: its project, scenario and id, and dates as of the day when it began."""
_PARAMETER = re.compile(r"\$(\$(?=\{)|\{([^{}]*)\})")


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
    scenario: Scenario, variables: Mapping[str, JsonValue], *, run: str, day: date
) -> dict[str, JsonValue]:
    """What each ${name} stands for in a run of a scenario, unless the run says otherwise.

    Args:
        scenario: what is run.
        variables: of its project.
        run: id of the run.
        day: when it began, in the scenario's time zone.
    """
    return {
        **{f"project.{name}": value for name, value in variables.items()},
        **scenario.parameters,
        "project": scenario.project,
        "scenario": scenario.name,
        "run": run,
        **dates_of(day),
    }


def dates_of(day: date) -> dict[str, JsonValue]:
    """Days as of a day, as ISO 8601: the first ones of weeks (Mondays) and months, and of the last.

    `last_week` is the ISO week before (2026-W47), `last_month` the month before (2026-10).
    """
    week, month = day - timedelta(days=day.weekday()), day.replace(day=1)
    last_week, last_month = week - timedelta(weeks=1), (month - timedelta(days=1)).replace(day=1)
    year, number, _ = last_week.isocalendar()
    days = {
        "date": day,
        "yesterday": day - timedelta(days=1),
        "week_start": week,
        "last_week_start": last_week,
        "month_start": month,
        "last_month_start": last_month,
    }
    return {
        **{name: each.isoformat() for name, each in days.items()},
        "last_week": f"{year}-W{number:02}",
        "last_month": f"{last_month:%Y-%m}",
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
