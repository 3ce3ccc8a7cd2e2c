"""Carrying out an evaluation: score, compute, keep."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelyard.evaluations.asserting import Answers, assert_all, passing
from modelyard.evaluations.binary import BinaryFigures
from modelyard.evaluations.commands import RunEvaluation
from modelyard.evaluations.custom import Computed
from modelyard.evaluations.custom import compute as compute_custom
from modelyard.evaluations.diagnostics import diagnose, of_assertions, of_custom
from modelyard.evaluations.figures import Content, Figures, Threshold
from modelyard.evaluations.keeping import keep
from modelyard.evaluations.multiclass import MulticlassFigures
from modelyard.evaluations.planning import Plan, draw, make_plan
from modelyard.evaluations.regression import RegressionFigures
from modelyard.evaluations.scored import Scored, names_in_sample, read_scored
from modelyard.evaluations.types import Evaluation, View
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, name_by, named_by, now
from modelyard.runtime.types import PredictionType
from modelyard.scoring.commands import RunScoring
from modelyard.scoring.types import ScoringRun

NO_TRUTH = (
    "models of prediction type 'other' answer anything, which cannot be compared with a truth; "
    "their rows are scored and kept"
)
FIGURES: dict[PredictionType, Callable[[View, Scored, Threshold], Figures]] = {
    "binary_classification": BinaryFigures,
    "multiclass": MulticlassFigures,
    "regression": RegressionFigures,
}


def evaluate(command: RunEvaluation, context: Context) -> Evaluation:
    """Score the dataset, compute everything from what came out, and keep it."""
    plan = make_plan(command, context)
    with _transit(context, plan) as folder:
        draw(plan, context)
        run = context.caller.run(_scoring(plan))
        file = folder / "scored.parquet"
        context.progress("computing")
        began = time.perf_counter()
        learned, screens = _learned(plan, file, context, rejected=run.rejected)
        learned["features"] = _features(plan, file)
        learned["seconds"] = round(time.perf_counter() - began, 3)
        evaluation = _told(plan, run, context).model_copy(update=learned)
        code = {"file": Path(plan.custom.file).name, "text": plan.custom.text}
        return keep(context, evaluation, screens, file, code if plan.custom.text else None)


def _learned(
    plan: Plan, file: Path, context: Context, *, rejected: int
) -> tuple[dict[str, Any], dict[str, Content]]:
    """What the scored rows tell of an evaluation, and its screens."""
    compute = FIGURES.get(plan.version.prediction_type)
    if compute is None or plan.target is None:
        return {}, {}
    names = names_in_sample(plan.source.schema.names, file)
    weights = names.get(plan.command.weights or "")
    scored = read_scored(file, names[plan.target], weights, plan.view.classes)
    figures = compute(plan.view, scored, plan.threshold)
    metrics, screens = figures.metrics(), figures.screens()
    answers = Answers.of(plan.view, scored, figures.threshold.value)
    pairs = zip(plan.command.assertions, plan.filters, strict=True)
    assertions = tuple(assert_all(pairs, file, names, answers))
    if assertions:
        metrics = (*metrics, passing(assertions))
    custom = Computed()
    if plan.custom.every:
        custom = compute_custom(
            plan.custom, context, plan.version, file, scored, answers, plan.view.confidence
        )
    learned = {
        "threshold": figures.threshold.value,
        "threshold_from": figures.threshold.origin,
        "intake": figures.intake,
        "metrics": {each.code: each for each in (*metrics, *custom.metrics)},
        "custom_metrics": custom.functions,
        "screens": tuple(screens),
        "assertions": assertions,
        "truth_column": scored.truth_column,
        "weights_column": scored.weights_column,
        "diagnostics": (
            *diagnose(plan, scored, figures.intake, metrics, rejected=rejected),
            *of_assertions(assertions),
            *of_custom(custom.metrics),
        ),
    }
    return learned, screens


def _features(plan: Plan, file: Path) -> tuple[str, ...]:
    """The columns of the sample that the version takes; where it names none, all there are."""
    names = names_in_sample(plan.source.schema.names, file)
    taken = [feature.name for feature in plan.version.core.features if feature.name in names]
    apart = {plan.target, plan.command.weights}
    return tuple(names[name] for name in taken or names if name not in apart)


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


def _told(plan: Plan, run: ScoringRun, context: Context) -> Evaluation:
    """The evaluation without what its rows tell."""
    command, version, created = plan.command, plan.version, now()
    return Evaluation(
        id=named_by(created),
        project=command.project,
        name=name_by(created),
        model=command.model,
        version=version.version,
        version_digest=version.digest,
        **dict(plan.view),
        dataset=command.dataset,
        fingerprint=plan.source.fingerprint,
        sampling=plan.sampling,
        params=command.params,
        target=plan.target,
        weights=command.weights,
        threshold_from="none",
        rows=run.rows,
        rejected=run.rejected,
        metrics={},
        no_metrics=NO_TRUTH if version.prediction_type == "other" else None,
        scoring_run=run.id,
        created=created,
        created_by=context.identity.name,
        seconds=0,
    )
