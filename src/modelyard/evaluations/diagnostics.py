"""The numbered checks of an evaluation: what one should know before trusting it.

Limits without another source are those that DSS names in its diagnostics of models.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from modelyard.analysis.arrays import Floats
from modelyard.analysis.charts.words import number
from modelyard.analysis.names import HEADLINES, name_of
from modelyard.analysis.types import Intake, Metric
from modelyard.evaluations.assertion_types import AssertionResult
from modelyard.evaluations.feature_checks import Part, of_features
from modelyard.evaluations.numbered import NumberedCheck, told
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import View

FEW_ROWS = 1000
TOO_GOOD = 0.98
RARE = 0.05
NEARLY_ALL = 0.95
MANY_LEFT_OUT = 0.5
SOME_LEFT_OUT = 0.05
OFF, FAR_OFF = 0.05, 0.15
"""Gap between probabilities and what comes true, beyond chance, from which on that is told."""
TRIVIAL = {"auc": 0.5, "mrocAUC": 0.5, "r2": 0.0, "mcc": 0.0, "kappa": 0.0}
"""What guessing gets, or predicting the most frequent class or the mean; the first one counts that
has a value."""


def diagnose(
    view: View,
    scored: Scored,
    intake: Intake,
    metrics: Iterable[Metric],
    *,
    rejected: int,
    part: Part | None = None,
    threshold: float | None = None,
    overlap: NumberedCheck | None = None,
) -> tuple[NumberedCheck, ...]:
    """What came of every check, by their numbers.

    Args:
        view: how the rows are looked at.
        scored: all rows.
        intake: which of them were used.
        metrics: of these.
        rejected: how many more rows the model refused.
        part: rows whose features are looked at; None: that is left out.
        threshold: from which the positive class is predicted.
        overlap: what came of looking at time.
    """
    known = {each.code: each for each in metrics}
    found = [*_of_rows(intake, rejected), _trivial(known, view, scored), _calibration(known, view)]
    if view.classes:
        found += [*_of_classes(view, scored), _sums(intake, scored)]
    if part is not None:
        found += of_features(view, part, threshold)
    if overlap is not None:
        found.append(overlap)
    leak = [_too_good(known)] if _is_too_good(known) else []
    if leak:
        found = [each for each in found if each.code != "E201" or each.stands_out] + leak
    return tuple(sorted(found, key=lambda each: each.code))


def _of_rows(intake: Intake, rejected: int) -> Iterator[NumberedCheck]:
    used, rows = intake.used, intake.rows + rejected
    left = f"{rows - used:,} of {rows:,} rows have no truth, no prediction or no weight, or were "
    if used < rows * MANY_LEFT_OUT:
        yield told("E101", "error", f"{left}refused", "Most rows were left out")
    elif used < rows * (1 - SOME_LEFT_OUT):
        yield told(
            "E101", "warning", f"{left}refused; what is told is about the others",
            "Rows were left out",
        )  # fmt: skip
    else:
        yield told("E101", "ok", f"{used:,} of {rows:,} rows were used")
    counted = "1 row" if used == 1 else f"{used:,} rows"
    if used < FEW_ROWS:
        yield told("E102", "warning", f"{counted}; intervals are wide below {FEW_ROWS:,}")
    else:
        yield told("E102", "ok", counted)


def _sums(intake: Intake, scored: Scored) -> NumberedCheck:
    if scored.probabilities is None:
        return told("E301", "not_applicable", "the model gives labels without probabilities")
    if intake.not_summing_to_one:
        return told(
            "E301",
            "warning",
            f"those of {intake.not_summing_to_one:,} of {intake.used:,} rows do not, within 0.001",
            "Probabilities do not sum to one",
        )
    return told("E301", "ok", "those of every row sum to one, within 0.001")


def _is_too_good(known: Mapping[str, Metric]) -> bool:
    return any((_value(known, code) or 0) > TOO_GOOD for code in HEADLINES[:2])


def _too_good(known: Mapping[str, Metric]) -> NumberedCheck:
    area = max(_value(known, code) or 0 for code in HEADLINES[:2])
    return told(
        "E201",
        "warning",
        f"an area under the ROC curve of {area:.3f} often means that a feature gives the truth "
        "away",
        "Almost perfect",
    )


def _trivial(known: Mapping[str, Metric], view: View, scored: Scored) -> NumberedCheck:
    """Beside guessing, the most frequent class, the mean, or the rates of the classes."""
    code = next((code for code in TRIVIAL if _value(known, code) is not None), None)
    if code is None:
        return told("E202", "empty", "no metric that could say so has a value")
    metric, least = known[code], TRIVIAL[code]
    value = metric.value or 0.0
    evidence = f"{name_of(code)} is {number(value)}, and {number(least)} without any model"
    if value <= least:
        return told("E202", "error", evidence, "No better than a trivial baseline")
    if metric.low is not None and metric.low <= least:
        limits = f"{number(metric.low)} to {number(metric.high)}"
        return told(
            "E202", "warning", f"{evidence}; its interval is {limits}",
            "Cannot be told from a trivial baseline",
        )  # fmt: skip
    loss, rates = known.get("logLoss"), _entropy(view, scored)
    if loss is not None and loss.low is not None and rates is not None and loss.low > rates:
        return told(
            "E202",
            "warning",
            f"log loss is {number(loss.value)}, and {number(rates)} if every row is given the "
            "rates of the classes",
            "Probabilities are worse than the rates of the classes",
        )
    return told("E202", "ok", evidence)


def _entropy(view: View, scored: Scored) -> float | None:
    """Log loss of the rates of the classes, in nats."""
    usable = scored.truth >= 0
    if not view.classes or not usable.any():
        return None
    weights = None if scored.weights is None else scored.weights[usable]
    if weights is not None and not (np.isfinite(weights).all() and (weights >= 0).all()):
        return None
    counted = np.bincount(scored.truth[usable], weights, minlength=len(view.classes))
    rates: Floats = counted[counted > 0] / counted.sum()
    return -math.fsum((rates * np.log(rates)).tolist())


def _calibration(known: Mapping[str, Metric], view: View) -> NumberedCheck:
    if not view.classes:
        return told("E302", "not_applicable", "numbers are predicted, and no probabilities")
    loss = known.get("calibrationLoss") or known.get("mcalibrationLoss")
    if loss is None or loss.value is None:
        return told("E302", "empty", (loss and loss.reason) or "it has no probabilities")
    evidence = f"probabilities are off by {number(loss.value)} on average"
    if loss.low is None:
        return told("E302", "empty", f"{evidence}, without an interval: {loss.reason or ''}")
    evidence += f" ({number(loss.low)} to {number(loss.high)})"
    if loss.low > FAR_OFF:
        return told("E302", "error", evidence, "Calibration is broken")
    if loss.low > OFF:
        return told("E302", "warning", evidence, "Badly calibrated")
    return told("E302", "ok", evidence)


def _value(known: Mapping[str, Metric], code: str) -> float | None:
    return known[code].value if code in known else None


def _of_classes(view: View, scored: Scored) -> Iterator[NumberedCheck]:
    classes = view.classes
    truth, predicted = scored.truth, scored.predicted
    usable = (truth >= 0) & (predicted >= 0)
    actual = np.bincount(truth[usable], minlength=len(classes))
    answered = np.bincount(predicted[usable], minlength=len(classes))
    total = int(actual.sum())
    if not total:
        for code in ("E103", "E104", "E203"):
            yield told(code, "empty", "there are no rows")
        return
    missing = [str(label) for label, rows in zip(classes, actual, strict=True) if not rows]
    rare = f"{actual.min() / total:.1%} of the rows are of {classes[int(actual.argmin())]}"
    if missing:
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        yield told(
            "E103",
            "warning",
            f"no row is of {', '.join(missing[:10])}{more}; what needs rows of them cannot be told",
            "A class is missing",
        )
    else:
        yield told("E103", "ok", f"there are rows of all {len(classes)} classes")
    if missing:
        yield told("E104", "not_applicable", "a class is missing")
    else:
        yield told("E104", "warning" if actual.min() < RARE * total else "ok", rare)
    common = str(classes[int(answered.argmax())])
    share = f"{answered.max() / total:.1%} of the predictions are {common}"
    if answered.max() > NEARLY_ALL * total:
        yield told("E203", "warning", share, "Almost one class is predicted")
    else:
        yield told("E203", "ok", share)


def of_assertions(results: Iterable[AssertionResult]) -> Iterator[NumberedCheck]:
    """Those that do not hold, those that could not be computed; else that all do."""
    every = tuple(results)
    for each in every:
        if each.passed is None:
            detail = f"“{each.name}”: {each.reason}"
            yield told("E501", "warning", detail, "Assertion not computed")
        elif not each.passed:
            yield told(
                "E501",
                "error",
                f"“{each.name}”: {each.valid_ratio:.2%} of {each.matching - each.dropped:,} rows "
                f"are as expected, and {each.ratio:.2%} have to be",
                "Assertion failed",
            )
    if every and all(each.passed for each in every):
        yield told("E501", "ok", "all of them hold")


def of_custom(metrics: Iterable[Metric]) -> Iterator[NumberedCheck]:
    """Custom metrics that gave no value; else that all did."""
    every = tuple(metrics)
    for each in every:
        if each.value is None:
            yield told("E502", "warning", f"{each.code}: {each.reason}", "Custom metric failed")
    if every and all(each.value is not None for each in every):
        yield told("E502", "ok", "all of them have a value")
