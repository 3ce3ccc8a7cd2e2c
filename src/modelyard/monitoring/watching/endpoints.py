"""The scenario that tracks an endpoint by its query log."""

from __future__ import annotations

from collections.abc import Mapping

from modelyard.data.commands import JoinDatasets
from modelyard.evaluations.commands import RunEvaluation
from modelyard.jobs.scenarios.commands import CreateScenario
from modelyard.jobs.scenarios.types import Step
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, Json
from modelyard.monitoring.commands import RunChecks
from modelyard.monitoring.watching.commands import TrackEndpoint
from modelyard.monitoring.watching.types import Period

TRACK = "track-"
PERIODS: dict[Period, tuple[str, str, str, str]] = {
    "day": ("yesterday", "date", "yesterday", "0 6 * * *"),
    "week": ("last_week_start", "week_start", "last_week", "0 6 * * MON"),
    "month": ("last_month_start", "month_start", "last_month", "0 6 1 * *"),
}
"""Of each period: the dates of a run on which it begins and is over, its name, when to run."""


def scenario_of(command: TrackEndpoint, context: Context, *, check: bool) -> CreateScenario:
    """Join truths if there are any, evaluate the rows of the last period.

    `check`: run the checks, which the store does not by itself.
    """
    *_, cron = PERIODS[command.period]
    name_of = context.commands.name_of
    steps: list[Step] = []
    dataset = command.name
    if command.truth is not None:
        dataset = f"{FILES}{command.name}-with-truth.parquet"
        joining: dict[str, Json] = {
            "dataset": command.name,
            "other": command.truth,
            "key": command.key,
            "other_key": command.truth_key,
            "columns": None if command.target is None else [command.target],
            "output": dataset,
        }
        steps.append(Step(command=name_of(JoinDatasets), arguments=_given(joining), name="Join"))
    steps.append(
        Step(
            command=name_of(RunEvaluation),
            arguments=_evaluation(command, dataset),
            name="Evaluate",
        )
    )
    if check:
        run: dict[str, Json] = {
            "store": command.store,
            "evaluation": f"${{step.{len(steps)}.id}}",
            "fail_on": "never",
        }
        steps.append(Step(command=name_of(RunChecks), arguments=run, name="Run checks"))
    return CreateScenario(
        project=command.project,
        name=f"{TRACK}{command.name}"[:127],
        description=f"Evaluates what {command.model} answered into {command.store} and checks it",
        steps=tuple(steps),
        cron=command.cron or cron,
        timezone=command.timezone,
    )


def _evaluation(command: TrackEndpoint, dataset: str) -> dict[str, Json]:
    begin, end, called, _ = PERIODS[command.period]
    where = f"query_time >= '${{{begin}}}' AND query_time < '${{{end}}}'"
    if command.generation is not None:
        where += f" AND query_generation = '{command.generation}'"
    return _given({
        "model": command.model,
        "version": command.version,
        "dataset": dataset,
        "where": where,
        "skip_scoring": True,
        "skip_performance": command.truth is None,
        "target": command.target,
        "store": command.store,
        "label": {command.period: f"${{{called}}}"},
    })  # fmt: skip


def _given(arguments: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in arguments.items() if value is not None}
