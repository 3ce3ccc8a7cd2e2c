"""What has to hold of a scenario when it is saved: whatever could not run is refused then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from modelyard import errors
from modelyard.jobs import repository as jobs
from modelyard.jobs.commands import EXAMPLE
from modelyard.jobs.scenarios.parameters import known_to, named_in, require_names, unknown
from modelyard.jobs.scenarios.runs import command_of
from modelyard.jobs.scenarios.schedule import zone_of
from modelyard.jobs.scenarios.types import Scenario, Step
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context

APART = frozenset({"jobs", "scenarios"})
"""Rooms whose commands are no steps."""


def check(scenario: Scenario, variables: Mapping[str, JsonValue], context: Context) -> None:
    """Refuse what could not run, or what whoever saves it may not do.

    Args:
        scenario: as it is to be saved.
        variables: of its project.
        context: the workspace, and who saves it.

    Raises:
        Invalid: a parameter, the time zone or steps make no sense; it tells of all such steps.
        Forbidden: a step takes a right that the caller lacks.
    """
    require_names(scenario.parameters)
    zone_of(scenario.timezone)
    values = known_to(scenario, variables, run=EXAMPLE, date="2026-11-25")
    commands, wrong = [], []
    for number, step in enumerate(scenario.steps, 1):
        try:
            commands.append(_command_of(step, values, context))
        except (errors.Invalid, errors.NotFound) as exc:
            wrong.append((number, step, exc))
    if wrong:
        raise errors.Invalid(
            "; ".join(f"{_called(number, step)}: {exc.detail}" for number, step, exc in wrong),
            faults=[
                {"field": f"steps.{number - 1}", "problem": exc.detail} for number, _, exc in wrong
            ],
        )
    for command in commands:
        if command is not None:
            context.authorize(command)


def _command_of(
    step: Step, values: Mapping[str, JsonValue], context: Context
) -> Command[Any] | None:
    """The command of a step; None where only a run will know it, and what is known fits.

    A parameter without a value is open: a run gives it.
    """
    if step.command.partition(".")[0] in APART:
        raise errors.Invalid(f"{step.command} cannot be a step")
    strangers = [name for name in named_in(dict(step.arguments)) if name not in values]
    if strangers and step.command in context.commands:
        raise unknown(strangers, values)
    is_open = {
        field: any(values[name] is None for name in named_in(value))
        for field, value in step.arguments.items()
    }
    known = {field: value for field, value in step.arguments.items() if not is_open[field]}
    try:
        command = command_of(step.model_copy(update={"arguments": known}), values, context.commands)
    except errors.Invalid as exc:
        passed_over = {"", *(field for field in is_open if is_open[field])}
        faults = [
            fault
            for fault in exc.context.get("faults", ())
            if fault["field"].partition(".")[0] not in passed_over
        ]
        if any(is_open.values()) and not faults:
            return None
        if not any(is_open.values()):
            raise
        said = "; ".join(f"{fault['field']}: {fault['problem']}" for fault in faults)
        raise errors.Invalid(said, faults=faults) from None
    jobs.require_deferrable(step.command, command)
    return None if any(is_open.values()) else command


def _called(number: int, step: Step) -> str:
    return f"step {number} ({step.name})" if step.name else f"step {number}"
