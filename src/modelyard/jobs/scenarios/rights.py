"""Whose rights count in a run by hand: that of whoever asks, and that of whoever saved it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from modelyard import errors
from modelyard.jobs.scenarios import repository
from modelyard.jobs.scenarios.repository import RunBody
from modelyard.jobs.scenarios.runs import command_of
from modelyard.jobs.scenarios.types import ScenarioRun
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity


def require_right_of(owner: Identity, db: Connection, run: ScenarioRun, context: Context) -> None:
    """Refuse a run in which a step takes a right that whoever saved the scenario lacks.

    Raises:
        Forbidden: it is so; the message says what to do.
    """
    row = repository.hold_run(db, run.id)
    body = RunBody.model_validate_json(row.body if row else "")
    for number, step in enumerate(body.steps, 1):
        try:
            command = command_of(step, body.parameters, context.commands)
        except errors.ModelyardError:
            continue  # nothing can be run, and the run says so
        try:
            replace(context, identity=owner).authorize(command)
        except errors.ModelyardError:  # its words may name what the caller must not see
            raise errors.Forbidden(
                f"step {number}: {owner.name}, who saved {run.scenario}, lacks the right "
                f"{command.needs} that it takes; look at its steps and update it: it is yours then",
                right=command.needs,
                step=number,
            ) from None
