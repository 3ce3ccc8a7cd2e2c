"""Performance drift: metrics of both sides, and whether they moved more than chance moves them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelyard.analysis.arrays import Floats, absent
from modelyard.analysis.drift.types import Change, MetricChange, Outcome, PerformanceDrift
from modelyard.analysis.intervals import newcombe
from modelyard.analysis.names import HEADLINES, LOWER_IS_BETTER
from modelyard.analysis.types import Metric

BY_SHARES = frozenset(
    (
        *("accuracy", "precision", "f1", "mcc", "kappa", "hammingLoss", "costMatrixGain"),
        *("averagePrecision", "logLoss", "brierScore", "calibrationLoss", "lift"),
        *("passingAssertionsRatio", "mcalibrationLoss"),
    )
)
"""Metrics of classifiers that move when the shares of the classes do, and nothing else."""
MOVED = 0.01
"""Total variation of the shares of classes from which on that is told."""


def performance_drift(
    reference: Sequence[Metric],
    current: Sequence[Metric],
    *,
    classes: tuple[Sequence[float], Sequence[float]] | None = None,
) -> PerformanceDrift:
    """Compare metrics of rows of the reference and of other rows.

    A row that is on both sides makes the true interval of the difference narrower than the one
    that is told.

    Args:
        reference: metrics of the one side, at any level of confidence.
        current: of the other, at the same level.
        classes: weight of the rows of each true class on both sides; none: a regression.
    """
    before = {each.code: each for each in reference}
    after = {each.code: each for each in current}
    if not before.keys() & after.keys():
        return PerformanceDrift(reason="no metric is of both sides")
    note = _note(classes)
    changes = tuple(
        _change(
            before.get(code) or absent(code, "the reference does not have it"),
            after.get(code) or absent(code, "current does not have it"),
            note if code in BY_SHARES else None,
        )
        for code in dict.fromkeys((*before, *after))
    )
    return PerformanceDrift(metrics=changes, outcome=_outcome(changes))


def difference(reference: Metric, current: Metric) -> Metric:
    """Current minus reference, of independent rows, with limits from both metrics' own.

    Zou and Donner (2008), Construction of confidence limits about effect measures, Statistics in
    Medicine 27: the method of variance estimates recovery. Of shares with Wilson's limits it is
    Newcombe's, and of symmetrical limits the normal one.
    """
    code = current.code
    for metric, side in ((reference, "the reference"), (current, "current")):
        if metric.value is None:
            return absent(code, f"{side}: {metric.reason}")
    told = [
        (each.value, each.low, each.high)
        for each in (current, reference)
        if each.value is not None and each.low is not None and each.high is not None
    ]
    gap = (current.value or 0) - (reference.value or 0)
    if len(told) < 2:
        without, side = (
            (reference, "the reference") if reference.low is None else (current, "current")
        )
        reason = f"{side}: {without.reason or 'it has no interval'}"
        return Metric(code=code, value=gap, reason=reason)
    low, high = newcombe(*told)
    return Metric(code=code, value=gap, low=low, high=high, method="newcombe")


def _change(reference: Metric, current: Metric, note: str | None) -> MetricChange:
    gap = difference(reference, current)
    if gap.value is not None and note:
        gap = gap.model_copy(update={"note": note})
    return MetricChange(
        code=current.code,
        reference=reference,
        current=current,
        difference=gap,
        change=direction(gap),
    )


def direction(gap: Metric) -> Change:
    """Whether a difference is one to the better or to the worse, or may be none at all."""
    if gap.low is None or gap.high is None:
        return "unknown"
    if gap.low <= 0 <= gap.high:
        return "same"
    return "better" if (gap.low > 0) != (gap.code in LOWER_IS_BETTER) else "worse"


def _outcome(changes: Sequence[MetricChange]) -> Outcome:
    """Drifted where the metric that stands for all is worse; to be looked at where another one is.

    Where none stands for all, the first one that has an interval does.
    """
    known = [each for each in changes if each.change != "unknown"]
    if not known:
        return "unknown"
    first = next((each for each in known if each.code in HEADLINES), known[0])
    if first.change == "worse":
        return "drifted"
    return "look" if any(each.change == "worse" for each in known) else "stable"


def _note(classes: tuple[Sequence[float], Sequence[float]] | None) -> str | None:
    """That the shares of the classes moved, if they did."""
    if classes is None:
        return None
    before, after = (_shares(side) for side in classes)
    if before is None or after is None or abs(after - before).sum() / 2 < MOVED:
        return None
    at = int(np.argmax(abs(after - before)))
    return (
        "it moves with the shares of the classes alone, and one of them went from "
        f"{before[at]:.1%} to {after[at]:.1%}"
    )


def _shares(weights: Sequence[float]) -> Floats | None:
    found = np.asarray(weights, float)
    return found / found.sum() if found.sum() > 0 else None
