"""The drift of an evaluation that goes into a store, computed while it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from modelyard import errors
from modelyard.analysis.arrays import absent
from modelyard.analysis.names import HEADLINES
from modelyard.analysis.types import Metric
from modelyard.evaluations.asked_types import DriftUse
from modelyard.evaluations.drifting.commands import ComputeDrift
from modelyard.evaluations.drifting.computing import compute
from modelyard.evaluations.drifting.planning import Evaluated, plan_of
from modelyard.evaluations.drifting.types import Drift
from modelyard.evaluations.keeping import DRIFT, REFERENCE, SAMPLE
from modelyard.evaluations.numbered import told
from modelyard.evaluations.storing.reference import reference_for
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context


def with_drift(
    context: Context, evaluation: Evaluation, files: Mapping[str, Path], use: DriftUse
) -> tuple[Evaluation, Drift | None]:
    """An evaluation with the metrics of its drift, and the report.

    It stays as it is, and there is no report, if it is in no store or has no reference.

    Args:
        context: the workspace.
        evaluation: as it will be kept, but for its files.
        files: its rows, by what they will be kept as.
        use: what comes of drift that cannot be computed.

    Raises:
        ModelyardError: it cannot be computed, and that is to be an error.
    """
    sides = (
        None if use == "skip" or evaluation.store is None else _sides(context, evaluation, files)
    )
    if sides is None:
        return evaluation, None
    command = ComputeDrift(
        project=evaluation.project,
        current=evaluation.id,
        reference=sides[1].given,
        confidence=evaluation.confidence,
    )
    try:
        drift = compute(plan_of(command, context, *sides), context, by_profile=True)
        failed = drift.global_.reason if use == "fail" else None
        if failed:
            raise errors.Unsupported(f"drift could not be computed: {failed}")
    except errors.ModelyardError as exc:
        if use == "fail":
            raise
        every = (*evaluation.checks, told("E503", "warning", str(exc), "Drift not computed"))
        return evaluation.model_copy(update={"checks": every}), None
    metrics = {each.code: each for each in metrics_of(drift)}
    return evaluation.model_copy(update={"metrics": {**evaluation.metrics, **metrics}}), drift


def metrics_of(drift: Drift) -> Iterator[Metric]:
    """Drift as metrics of an evaluation; what cannot be computed says why."""
    together, predictions = drift.global_, drift.predictions
    yield together.accuracy.model_copy(update={"code": "dataDrift"})
    yield _told("dataDriftPValue", together.p_value, together.reason)
    if drift.prediction_type is None:
        return
    sizes = [each for each in predictions.tests if each.of is None]
    psi = next((each.statistic for each in sizes if each.test == "psi"), None)
    chance = next((each.p_value for each in sizes if each.p_value is not None), None)
    yield _told("predictionDrift", psi, predictions.reason)
    yield _told("predictionDriftPValue", chance, predictions.reason)
    if drift.expected is not None and drift.expected.metrics:
        known = {each.code: each for each in drift.expected.metrics}
        code = next((code for code in (*HEADLINES, "rmse") if code in known), None)
        if code is not None:
            doubts = "; ".join(drift.expected.doubts) or None
            name = f"expected{code[0].upper()}{code[1:]}"
            yield known[code].model_copy(update={"code": name, "note": doubts})


def _told(code: str, value: float | None, reason: str | None) -> Metric:
    if value is None:
        return absent(code, reason or "no test of it has a result")
    return Metric(code=code, value=value)


def _sides(
    context: Context, evaluation: Evaluation, files: Mapping[str, Path]
) -> tuple[Evaluated, Evaluated] | None:
    """The evaluation and its reference; none: it is the first of all."""
    current = Evaluated(evaluation.id, evaluation, file=files.get(DRIFT, files[SAMPLE]))
    if REFERENCE in files:
        return current, Evaluated(evaluation.id, evaluation, "reference", files[REFERENCE])
    own = reference_for(context, evaluation)
    if own is None:
        return None
    return current, Evaluated(own.evaluation.id, own.evaluation, own.part)
