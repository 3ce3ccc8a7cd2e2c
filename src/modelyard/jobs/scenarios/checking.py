"""What has to hold of a scenario when it is saved: whatever could not run is refused then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import JsonValue

from modelyard import errors
from modelyard.jobs import repository as jobs
from modelyard.jobs.commands import EXAMPLE
from modelyard.jobs.scenarios.parameters import known_to, named_in, require_names, unknown
from modelyard.jobs.scenarios.results import names_in, open_to
from modelyard.jobs.scenarios.runs import arguments_of, command_of
from modelyard.jobs.scenarios.schedule import next_time, zone_of
from modelyard.jobs.scenarios.types import Scenario, Step
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.kernel.gathered import Gathered
from modelyard.kernel.secrets import tells_password
from modelyard.kernel.values import now

EXAMPLE_DAY = date(2026, 11, 25)
APART = frozenset({"jobs", "scenarios", "account", "keys", "sessions"})
"""Rooms whose commands are no steps: those about jobs, and those about what is one's own, where the
handler looks who asks."""


def check(scenario: Scenario, variables: Mapping[str, JsonValue], context: Context) -> None:
    """Refuse what could not run, or what whoever saves it may not do.

    Args:
        scenario: as it is to be saved.
        variables: of its project.
        context: the workspace, and who saves it.

    Raises:
        Invalid: a parameter, the schedule or steps make no sense; it tells of all that do not.
        Forbidden: steps take rights that the caller lacks; it names all of them.
    """
    wrong = Gathered()
    with wrong.about("parameters"):
        require_names(scenario.parameters)
    with wrong.about("timezone"):
        zone_of(scenario.timezone)
    with wrong.about("cron"):
        if scenario.cron:
            next_time(scenario.cron, "UTC", now().timestamp())
    commands: list[Command[Any] | None] = []
    with wrong.about("steps"):
        commands = _commands_of(scenario, variables, context)
    wrong.tell()
    _require_rights(scenario, commands, context)


def _require_rights(
    scenario: Scenario, commands: Sequence[Command[Any] | None], context: Context
) -> None:
    refused = []
    for number, (step, command) in enumerate(zip(scenario.steps, commands, strict=True), 1):
        if command is not None:
            try:
                context.authorize(command)
            except errors.Forbidden as exc:
                refused.append(f"{_called(number, step)}: {exc.detail}")
    if refused:
        raise errors.Forbidden("; ".join(refused))


def _commands_of(
    scenario: Scenario, variables: Mapping[str, JsonValue], context: Context
) -> list[Command[Any] | None]:
    """The commands of all steps, as far as they are known; None where the project is not."""
    values = known_to(scenario, variables, run=EXAMPLE, day=EXAMPLE_DAY)
    commands, wrong = [], []
    for number, step in enumerate(scenario.steps, 1):
        try:
            given = open_to(number, scenario.steps, context.commands)
            commands.append(_command_of(step, values | given, context))
        except (errors.Invalid, errors.NotFound) as exc:
            wrong.append((number, step, exc))
    if wrong:
        raise errors.Invalid(
            "; ".join(f"{_called(number, step)}: {exc.detail}" for number, step, exc in wrong),
            faults=[
                {"field": f"steps.{number - 1}", "problem": exc.detail} for number, _, exc in wrong
            ],
        )
    return commands


def _command_of(
    step: Step, values: Mapping[str, JsonValue], context: Context
) -> Command[Any] | None:
    """The command of a step, as far as it is known; None where its project is not.

    A parameter without a value is open: a run gives it.
    """
    if step.command.partition(".")[0] in APART:
        raise errors.Invalid(f"{step.command} cannot be a step")
    strangers = [name for name in names_in(step) if name not in values]
    if strangers and step.command in context.commands:
        raise unknown(strangers, values)
    known = {
        field: value
        for field, value in step.arguments.items()
        if all(values[name] is not None for name in named_in(value))
    }
    open_fields = step.arguments.keys() - known
    command = _filled(step.model_copy(update={"arguments": known}), open_fields, values, context)
    jobs.require_deferrable(step.command, command)
    for field in command.model_fields_set:
        if tells_password(getattr(command, field)):
            raise errors.Invalid(
                f"{field} holds a password, which everybody would read who sees the scenario; let "
                "the server's environment or a connection have it"
            )
    return None if command.project_field in open_fields else command


def _filled(
    known: Step, open_fields: set[str], values: Mapping[str, JsonValue], context: Context
) -> Command[Any]:
    """The command of what is known of a step; what is not may be missing in it."""
    try:
        return command_of(known, values, context.commands)
    except errors.Invalid as exc:
        if not open_fields:
            raise
        passed_over = {"", *open_fields}
        faults = [
            fault
            for fault in exc.context.get("faults", ())
            if fault["field"].partition(".")[0] not in passed_over
        ]
        if faults:
            said = "; ".join(f"{fault['field']}: {fault['problem']}" for fault in faults)
            raise errors.Invalid(said, faults=faults) from None
    arguments: dict[str, Any] = arguments_of(known, values, context.commands)
    return context.commands[known.command].model_construct(**arguments)


def _called(number: int, step: Step) -> str:
    return f"step {number} ({step.name})" if step.name else f"step {number}"
