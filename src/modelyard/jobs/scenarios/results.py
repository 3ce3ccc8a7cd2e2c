"""What a step gave, as parameters of the steps after it: ${step.1.id}."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from modelyard import errors
from modelyard.jobs.scenarios.parameters import named_in
from modelyard.jobs.scenarios.types import Step
from modelyard.kernel.catalog import Catalog

_RESULT = re.compile(r"step\.([1-9][0-9]{0,2})\.(.+)")
STATE = "state"
"""What every step gives: whether it succeeded or failed."""


def names_in(step: Step) -> Iterator[str]:
    """The parameters that a step names, in its arguments and in what it waits for."""
    yield from named_in(dict(step.arguments))
    yield from step.only_if


def open_to(number: int, steps: Sequence[Step], catalog: Catalog) -> dict[str, JsonValue]:
    """The results of steps before it that a step names, which are known when it runs.

    Args:
        number: of the step, from 1.
        steps: all of them.
        catalog: every command there is.

    Raises:
        Invalid: no step before it gives that.
    """
    found: dict[str, JsonValue] = {}
    for name in names_in(steps[number - 1]):
        match = _RESULT.fullmatch(name)
        if match is None:
            continue
        giver = int(match[1])
        if giver >= number:
            raise errors.Invalid(f"${{{name}}}: step {giver} does not come before this one")
        command = steps[giver - 1].command
        kind = catalog[command].result_type() if command in catalog else None
        fields = {STATE, *getattr(kind, "model_fields", {})}
        if match[2].partition(".")[0] not in fields:
            raise errors.Invalid(
                f"${{{name}}}: {command} gives no such thing; it gives: {', '.join(sorted(fields))}"
            )
        found[name] = None
    return found


def given_by(
    number: int, steps: Sequence[Step], state: str, result: str | None, error: str | None
) -> dict[str, JsonValue]:
    """What a step gave, as far as steps after it name that.

    Args:
        number: of the step, from 1.
        steps: all of them.
        state: how it ended.
        result: of its command, as JSON; None: it has none.
        error: that its command failed with, as JSON; its context has what came of it.
    """
    names = {name for step in steps[number:] for name in names_in(step)}
    paths = {
        name: match[2]
        for name in names
        if (match := _RESULT.fullmatch(name)) and int(match[1]) == number
    }
    if not paths:
        return {}
    told = json.loads(result or "null") if error is None else json.loads(error).get("context")
    whole = {STATE: state, **(told if isinstance(told, dict) else {})}
    found = ((name, _at(whole, path)) for name, path in paths.items())
    return {name: values[0] for name, values in found if values}


def unmet(step: Step, values: Mapping[str, JsonValue]) -> str:
    """Why a step does not run although those before it ended as it asks; empty: it runs."""
    for name, wanted in step.only_if.items():
        if name not in values:
            return f"{name} is not known"
        value = values[name]
        if value not in (wanted if isinstance(wanted, list) else [wanted]):
            return f"{name} is {value if isinstance(value, str) else json.dumps(value)}"
    return ""


def _at(value: JsonValue, path: str) -> list[JsonValue]:
    """What stands at a path of names with dots between; a name may have dots, too."""
    if not isinstance(value, dict):
        return []
    if path in value:
        return [value[path]]
    head, _, rest = path.partition(".")
    return _at(value[head], rest) if rest and head in value else []
