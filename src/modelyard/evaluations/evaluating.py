"""Carrying out an evaluation: score, compute, keep."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.data.access import Source
from modelyard.data.types import Sampling
from modelyard.evaluations.asserting import Answers, assert_all, passing
from modelyard.evaluations.commands import RunEvaluation
from modelyard.evaluations.custom import Computed
from modelyard.evaluations.custom import compute as compute_custom
from modelyard.evaluations.diagnostics import diagnose, of_assertions, of_custom
from modelyard.evaluations.drawing import draw, drawn
from modelyard.evaluations.drift_sample import draw_for_drift
from modelyard.evaluations.drifting.windows import with_drift
from modelyard.evaluations.feature_checks import read_part
from modelyard.evaluations.figures import Content
from modelyard.evaluations.judged import FIGURES
from modelyard.evaluations.keeping import DRIFT, REFERENCE, SAMPLE, keep
from modelyard.evaluations.outputs import append_metrics, write_scored
from modelyard.evaluations.planning import Plan
from modelyard.evaluations.scored import Scored, names_in_sample, read_scored
from modelyard.evaluations.shaping import Columns, shape
from modelyard.evaluations.time_overlap import time_overlap
from modelyard.evaluations.types import Evaluation
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, name_by, named_by, now
from modelyard.runtime.envs.codeenvs import INHERIT, ensure_env
from modelyard.runtime.types import CodeEnv
from modelyard.scoring.commands import RunScoring


@dataclass(frozen=True)
class Rows:
    """The scored rows, and how they came to be.

    Args:
        file: that holds them.
        names: what the dataset's columns are called in it.
        count: how many were read.
        rejected: how many of them the version refused.
        run: id of the scoring run; none: they were scored before.
    """

    file: Path
    names: dict[str, str]
    count: int
    rejected: int = 0
    run: str | None = None


@dataclass(frozen=True)
class Learned:
    """What the scored rows tell."""

    facts: dict[str, Any]
    screens: dict[str, Content]
    scored: Scored | None = None
    answers: Answers | None = None


def evaluate(plan: Plan, context: Context) -> Evaluation:
    """Score the dataset, compute everything from what came out, and keep it."""
    command = plan.command
    env = _env(plan, context)
    with _transit(context, plan) as folder:
        source = draw(plan, context)
        rows = _scored(plan, source, folder, context)
        context.progress("computing")
        began = time.perf_counter()
        files = {SAMPLE: rows.file, **_for_drift(plan, rows.file, folder, context)}
        learned = _learned(plan, rows, files.get(DRIFT, rows.file), env, context)
        learned.facts["seconds"] = round(time.perf_counter() - began, 3)
        evaluation = _told(plan, rows, context).model_copy(update=learned.facts)
        evaluation, drift = with_drift(context, evaluation, files, command.drift)
        if isinstance(command, RunEvaluation) and command.output is not None:
            write_scored(
                *(context, command.project, command.output, rows.file),
                *(learned.scored, learned.answers),
                probabilities=command.output_probabilities,
            )
        code = {"file": Path(plan.custom.file).name, "text": plan.custom.text}
        custom = code if plan.custom.text else None
        kept = keep(context, evaluation, learned.screens, files, custom, drift)
    if isinstance(command, RunEvaluation) and command.metrics_output is not None:
        append_metrics(context, kept, command.metrics_output, command.metrics)
    return kept


def _env(plan: Plan, context: Context) -> CodeEnv | None:
    """The code env of custom metrics; none: there are no such metrics."""
    if not plan.custom.every:
        return None
    if plan.version is not None:
        return plan.version.env
    return ensure_env(context, None, named=getattr(plan.command, "env", INHERIT))


def _scored(plan: Plan, source: Source, folder: Path, context: Context) -> Rows:
    """The scored rows: by the version, or as they were before."""
    file, columns = folder / "scored.parquet", plan.source.schema.names
    if plan.columns is not None:
        project, place = plan.command.project, f"{FILES}{plan.folder}/scored.parquet"
        count = shape(context, project, source, plan.columns, plan.view.classes, place)
        return Rows(file, plan.columns.names(columns, plan.view.classes), count)
    run = context.caller.run(_scoring(plan))
    return Rows(file, names_in_sample(columns, file), run.rows, run.rejected, run.id)


def _for_drift(plan: Plan, file: Path, folder: Path, context: Context) -> dict[str, Path]:
    """The rows that drift is computed from, where they are not all, and those of the reference."""
    command, found = plan.command, {}
    cap = {"rows": command.drift_rows, "seed": command.seed}
    if draw_for_drift(file, folder / "drift.parquet", **cap):
        found[DRIFT] = folder / "drift.parquet"
    if plan.reference is not None:
        place = f"{FILES}{plan.folder}/reference.parquet"
        sampling = getattr(command, "reference_sampling", Sampling())
        rows = drawn(context, command.project, plan.reference, sampling, f"{place}.rows.parquet")
        columns = plan.columns or Columns(None, ())
        shape(context, command.project, rows, columns, plan.view.classes, place)
        found[REFERENCE] = folder / "reference.parquet"
        if draw_for_drift(found[REFERENCE], folder / "reference-drift.parquet", **cap):
            found[REFERENCE] = folder / "reference-drift.parquet"
    return found


def _learned(plan: Plan, rows: Rows, some: Path, env: CodeEnv | None, context: Context) -> Learned:
    """What the scored rows tell of an evaluation, and its screens; `some` are part of them."""
    facts: dict[str, Any] = {"features": _features(plan, rows)}
    compute = FIGURES.get(plan.view.prediction_type)
    if compute is None or plan.target is None:
        return Learned(facts, {})
    file, names, asked = rows.file, rows.names, plan.command
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
    if env is not None:
        custom = compute_custom(
            plan.custom, context, env, file, scored, answers, plan.view.confidence
        )
    facts |= {
        "threshold": figures.threshold.value,
        "threshold_from": figures.threshold.origin,
        "intake": figures.intake,
        "metrics": {each.code: each for each in (*metrics, *custom.metrics)},
        "custom_metrics": custom.functions,
        "screens": tuple(screens),
        "assertions": assertions,
        "truth_column": scored.truth_column,
        "weights_column": scored.weights_column,
        "checks": (
            *diagnose(
                *(plan.view, scored, figures.intake, metrics),
                rejected=rows.rejected,
                part=read_part(some, facts["features"], scored, plan.view),
                threshold=figures.threshold.value,
                overlap=time_overlap(
                    plan.training, asked.time, file, names.get(asked.time or "", "")
                ),
            ),
            *of_assertions(assertions),
            *of_custom(custom.metrics),
        ),
    }
    return Learned(facts, screens, scored, answers)


def _features(plan: Plan, rows: Rows) -> tuple[str, ...]:
    """The columns of the sample that the version takes; where it names none, all but those apart.

    These are what holds truth, weights or predictions, and what is left out.
    """
    command, there = plan.command, plan.source.schema.names
    taken: list[str] = []
    if plan.version is not None:
        taken = [feature.name for feature in plan.version.core.features if feature.name in there]
    apart = {command.target, plan.target, command.weights}
    if plan.columns is not None:
        there = plan.columns.beside(there)
    if not taken:
        apart |= {name for name, kind in command.handling.items() if kind == "excluded"}
    return tuple(rows.names[name] for name in taken or there if name not in apart)


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
    if not isinstance(command, RunEvaluation) or plan.version is None:
        raise AssertionError("what has no version is scored already")
    return RunScoring(
        project=command.project,
        model=command.model,
        version=plan.version.version,
        input=plan.rows,
        output=f"{FILES}{plan.folder}/scored.parquet",
        on_error=command.on_error,
        params=command.params,
    )


def _told(plan: Plan, rows: Rows, context: Context) -> Evaluation:
    """The evaluation without what its rows tell."""
    command, version, created = plan.command, plan.version, now()
    of_version = (
        {
            "model": version.model,
            "version": version.version,
            "version_digest": version.digest,
            "params": getattr(command, "params", {}),
        }
        if version is not None
        else {"kind": "standalone"}
    )
    predicts = plan.columns is None or plan.columns.predicts
    return Evaluation(
        id=command.id or named_by(created),
        project=command.project,
        name=command.name or name_by(created),
        store=command.store,
        labels=plan.labels,
        **of_version,
        **dict(plan.view),
        dataset=command.dataset,
        fingerprint=plan.source.fingerprint,
        sampling=plan.sampling,
        handling=command.handling,
        target=plan.target,
        weights=command.weights,
        threshold_from="none",
        rows=rows.count,
        rejected=rows.rejected,
        metrics={},
        no_metrics=plan.no_metrics,
        scoring_run=rows.run,
        prediction_column="prediction" if predicts else None,
        reference_dataset=getattr(command, "reference", None),
        created=created,
        created_by=context.identity.name,
        seconds=0,
    )
