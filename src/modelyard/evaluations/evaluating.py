"""Carrying out an evaluation: score, compute, keep."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard.data.types import Sampling
from modelyard.evaluations.binary import binary_figures
from modelyard.evaluations.commands import RunEvaluation
from modelyard.evaluations.diagnostics import diagnose
from modelyard.evaluations.figures import Figures
from modelyard.evaluations.keeping import keep
from modelyard.evaluations.multiclass import multiclass_figures
from modelyard.evaluations.planning import Plan, make_plan
from modelyard.evaluations.regression import regression_figures
from modelyard.evaluations.scored import Scored, names_in_sample, read_scored
from modelyard.evaluations.types import Evaluation
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, now
from modelyard.runtime.types import PredictionType
from modelyard.scoring.commands import RunScoring
from modelyard.scoring.types import ScoringRun

NO_TRUTH = (
    "models of prediction type 'other' answer anything, which cannot be compared with a truth; "
    "their rows are scored and kept"
)
FIGURES: dict[PredictionType, Callable[[Plan, Scored], Figures]] = {
    "binary_classification": binary_figures,
    "multiclass": multiclass_figures,
    "regression": regression_figures,
}


def evaluate(command: RunEvaluation, context: Context) -> Evaluation:
    """Score the dataset, compute everything from what came out, and keep it."""
    plan = make_plan(command, context)
    with _transit(context, plan) as folder:
        run = context.caller.run(_scoring(plan))
        file = folder / "scored.parquet"
        context.progress("computing")
        began = time.perf_counter()
        compute = FIGURES.get(plan.version.prediction_type)
        figures = Figures()
        learned: dict[str, object] = {}
        if compute is not None and plan.target is not None:
            names = names_in_sample(plan.columns, file)
            scored = read_scored(file, names[plan.target or ""], names.get(command.weights or ""))
            figures = compute(plan, scored)
            learned = {
                "truth_column": scored.truth_column,
                "weights_column": scored.weights_column,
                "diagnostics": tuple(diagnose(plan, scored, figures, rejected=run.rejected)),
            }
        learned["seconds"] = round(time.perf_counter() - began, 3)
        evaluation = _told(plan, run, figures, context).model_copy(update=learned)
        return keep(context, evaluation, figures, file)


@contextmanager
def _transit(context: Context, plan: Plan) -> Iterator[Path]:
    """Where the rows are between scoring and keeping; what a killed process left is found there."""
    folder = paths.find(context, plan.command.project, f"{FILES}{plan.folder}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _scoring(plan: Plan) -> RunScoring:
    command = plan.command
    return RunScoring(
        project=command.project,
        model=command.model,
        version=plan.version.version,
        input=plan.rows,
        output=f"{FILES}{plan.folder}/scored.parquet",
        on_error=command.on_error,
        params=command.params,
    )


def _told(plan: Plan, run: ScoringRun, figures: Figures, context: Context) -> Evaluation:
    command, version, created = plan.command, plan.version, now()
    return Evaluation(
        id=f"{created:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        project=command.project,
        model=command.model,
        version=version.version,
        version_digest=version.digest,
        **dict(plan.view),
        dataset=command.dataset,
        fingerprint=plan.fingerprint,
        sampling=Sampling.model_validate(command.model_dump(include=set(Sampling.model_fields))),
        target=plan.target,
        weights=command.weights,
        threshold=figures.threshold,
        threshold_from=figures.threshold_from,
        rows=run.rows,
        rejected=run.rejected,
        intake=figures.intake,
        metrics={each.code: each for each in figures.metrics},
        no_metrics=NO_TRUTH if version.prediction_type == "other" else None,
        screens=tuple(figures.screens),
        scoring_run=run.id,
        sample="",
        created=created,
        created_by=context.identity.name,
        seconds=0,
    )
