"""What one should know of an evaluation before trusting it.

The limits are those that DSS names in its diagnostics of models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from modelyard.analysis.types import Intake, Metric
from modelyard.evaluations.assertion_types import AssertionResult
from modelyard.evaluations.planning import Plan
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import Diagnostic

FEW_ROWS = 1000
TOO_GOOD = 0.98
RARE = 0.05
NEARLY_ALL = 0.95
MANY_LEFT_OUT = 0.5
SOME_LEFT_OUT = 0.05


def diagnose(
    plan: Plan, scored: Scored, intake: Intake, metrics: Iterable[Metric], *, rejected: int
) -> Iterator[Diagnostic]:
    """Everything that is to be said, the worst first."""
    values = {each.code: each.value for each in metrics}
    used, rows = intake.used, intake.rows + rejected
    if used < rows * MANY_LEFT_OUT:
        yield _told(
            "dropped_rows",
            "Most rows were left out",
            f"{rows - used:,} of {rows:,} rows have no truth, no prediction or no weight, or were "
            "refused",
            severity="error",
        )
    elif used < rows * (1 - SOME_LEFT_OUT):
        yield _told(
            "rows_left_out",
            "Rows were left out",
            f"{rows - used:,} of {rows:,} rows have no truth, no prediction or no weight, or were "
            "refused; what is told is about the others",
        )
    if intake.not_summing_to_one:
        yield _told(
            "not_summing_to_one",
            "Probabilities do not sum to one",
            f"those of {intake.not_summing_to_one:,} of {used:,} rows do not, within 0.001",
        )
    if used < FEW_ROWS:
        told = "1 row" if used == 1 else f"{used:,} rows"
        yield _told("few_rows", "Few rows", f"{told}; intervals are wide below {FEW_ROWS:,}")
    auc = values.get("auc", values.get("mrocAUC"))
    if auc is not None and auc > TOO_GOOD:
        yield _told(
            "too_good",
            "Almost perfect",
            f"an area under the ROC curve of {auc:.3f} often means that a feature gives the truth "
            "away",
        )
    if plan.view.classes:
        yield from _of_classes(plan, scored)
    r2 = values.get("r2")
    if r2 is not None and r2 <= 0:
        yield _told(
            "no_better_than_mean",
            "No better than the mean",
            f"R2 is {r2:.3f}: the mean of the target would predict these rows as well",
            severity="error",
        )


def _of_classes(plan: Plan, scored: Scored) -> Iterator[Diagnostic]:
    classes = plan.view.classes
    truth, predicted = scored.truth, scored.predicted
    usable = (truth >= 0) & (predicted >= 0)
    actual = np.bincount(truth[usable], minlength=len(classes))
    answered = np.bincount(predicted[usable], minlength=len(classes))
    total = int(actual.sum())
    if not total:
        return
    missing = [str(label) for label, rows in zip(classes, actual, strict=True) if not rows]
    if missing:
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        yield _told(
            "missing_class",
            "A class is missing",
            f"no row is of {', '.join(missing[:10])}{more}; what needs rows of them cannot be told",
        )
    elif actual.min() < RARE * total:
        rare = f"{actual.min() / total:.1%} of the rows are of {classes[int(actual.argmin())]}"
        yield _told("imbalance", "Imbalanced classes", rare)
    if answered.max() > NEARLY_ALL * total:
        common = str(classes[int(answered.argmax())])
        yield _told(
            "one_class_predicted",
            "Almost one class is predicted",
            f"{answered.max() / total:.1%} of the predictions are {common}",
        )


def of_assertions(results: Iterable[AssertionResult]) -> Iterator[Diagnostic]:
    """Those that do not hold, and those that could not be computed."""
    for each in results:
        if each.passed is None:
            detail = f"“{each.name}”: {each.reason}"
            yield _told("assertion_not_computed", "Assertion not computed", detail)
        elif not each.passed:
            yield _told(
                "assertion_failed",
                "Assertion failed",
                f"“{each.name}”: {each.valid_ratio:.2%} of {each.matching - each.dropped:,} rows "
                f"are as expected, and {each.ratio:.2%} have to be",
                severity="error",
            )


def of_custom(metrics: Iterable[Metric]) -> Iterator[Diagnostic]:
    """Custom metrics that gave no value."""
    for each in metrics:
        if each.value is None:
            detail = f"{each.code}: {each.reason}"
            yield _told("custom_metric_failed", "Custom metric failed", detail)


def _told(code: str, title: str, detail: str, severity: str = "warning") -> Diagnostic:
    return Diagnostic.model_validate(
        {"code": code, "severity": severity, "title": title, "detail": detail}
    )
