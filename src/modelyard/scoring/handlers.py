"""How scoring answers."""

from __future__ import annotations

import platform
from datetime import timedelta

from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.projects.access import require_project
from modelyard.scoring import repository
from modelyard.scoring.attempt import carry_out
from modelyard.scoring.checkpoint import RunFolder, is_held, run_folder
from modelyard.scoring.commands import (
    ListRuns,
    PredictRows,
    RunScoring,
    ShowRun,
)
from modelyard.scoring.plan import make_plan
from modelyard.scoring.predicting import predict_rows
from modelyard.scoring.types import (
    Predictions,
    RunSummary,
    Scoring,
    ScoringRun,
)

TAKEN_UP_WITHIN = timedelta(days=7)


@handles(RunScoring)
def run_scoring(command: RunScoring, context: Context) -> ScoringRun:
    """Plan the scoring, then carry it out while no other process does."""
    _mark_interrupted(context)
    plan = make_plan(command.project, _scoring(command), context)
    with RunFolder.held(run_folder(context.folder, plan.identity)) as folder:
        return carry_out(plan, folder, context)


@handles(PredictRows)
def predict(command: PredictRows, context: Context) -> Predictions:
    """Ask a worker that stays loaded."""
    return predict_rows(context, command.project, command, command.rows)


@handles(ListRuns)
def list_runs(command: ListRuns, context: Context) -> list[RunSummary]:
    """List the newest first."""
    _mark_interrupted(context)
    with context.read() as db:
        require_project(db, command.project)
        return repository.list_runs(
            db, command.project, command, model=command.model, dataset=command.dataset
        )


@handles(ShowRun)
def show_run(command: ShowRun, context: Context) -> ScoringRun:
    """Look the run up, with the rows that it has scored by now."""
    _mark_interrupted(context)
    with context.read() as db:
        run = repository.get_run(db, command.project, command.id)
        if run.state == "running":
            finished = repository.chunks_of(db, run.id)
            run = run.model_copy(update={"rows": sum(chunk.rows for chunk in finished)})
    return run


def _scoring(command: Scoring) -> Scoring:
    return Scoring.model_validate(command.model_dump(include=set(Scoring.model_fields)))


def _mark_interrupted(context: Context) -> None:
    """Say of runs whose process died on this machine that they were; give up old ones."""
    with context.begin() as db:
        for run, identity in repository.runs_in_state(db, "running", "interrupted"):
            folder = run_folder(context.folder, identity)
            if run.host != platform.node() or is_held(folder):
                continue
            if now() - run.started > TAKEN_UP_WITHIN:
                RunFolder(folder).clear()
                problem = f"interrupted, and not taken up within {TAKEN_UP_WITHIN.days} days"
                update = {"state": "failed", "problem": problem}
            else:
                update = {"state": "interrupted"}
            repository.save_run(db, run.model_copy(update=update))
