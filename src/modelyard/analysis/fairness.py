"""Fairness of a binary model: rates of groups against those of a reference group."""

from __future__ import annotations

import math

import numpy as np

from modelyard import errors
from modelyard.analysis.arrays import Floats, Ints, absent, gaps, metric, plain, share, summed
from modelyard.analysis.binary import Binary
from modelyard.analysis.group_types import Disparity, Fairness, GroupRates
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.intervals import effective, newcombe, wilson

CRITERIA = {
    "demographicParity": ("positive_rate",),
    "equalisedOdds": ("true_positive_rate", "false_positive_rate"),
    "equalOpportunity": ("true_positive_rate",),
    "predictiveRateParity": ("predictive_value",),
}
"""Which rates are to be the same in all groups.

Demographic parity, predictive rate parity: Verma and Rubin (2018), Fairness definitions explained,
FairWare; equalised odds, equal opportunity: Hardt, Price and Srebro (2016), Equality of opportunity
in supervised learning, NeurIPS.
"""
WHY_NOT = {
    "positive_rate": "has no rows",
    "true_positive_rate": "has no rows of the outcome",
    "false_positive_rate": "has no rows without the outcome",
    "predictive_value": "has no rows that are predicted to have the outcome",
}


def fairness(
    column: str,
    grouping: Grouping,
    whole: Binary,
    threshold: float,
    reference: str | None = None,
    *,
    positive_outcome: bool = True,
    least: int = 1,
) -> Fairness:
    """Compare each group with the reference.

    Args:
        column: its name.
        grouping: of all rows that came, whether used or not.
        whole: the model's scores.
        threshold: from which the positive class is predicted.
        reference: label of the group that others are compared with; none: that of most weight.
        positive_outcome: whether the positive class is the good outcome; else the other one is.
        least: rows below which a group is told, but not taken for the largest difference.

    Raises:
        Invalid: there is no such group.
    """
    used = grouping.of(whole.rows.kept.mask)
    labels = [group.label for group in used.groups]
    rates, weight = _rates(used, whole, threshold, positive_outcome=positive_outcome)
    if reference is None and labels:
        reference = labels[int(weight.argmax())]
    if reference is None:
        raise errors.Invalid(f"no row is used, so that column '{column}' has no groups")
    if reference not in labels:
        raise errors.Invalid(
            f"column '{column}' has no group '{reference}'; its groups are: {', '.join(labels)}"
        )
    seen = np.flatnonzero(weight > 0)
    base = labels.index(reference)
    differences = [
        _compared(criterion, labels, rates, at, base)
        for criterion in CRITERIA
        for at in seen.tolist()
        if at != base
    ]
    rows = np.bincount(used.codes, minlength=len(labels))
    large = {label for label, count in zip(labels, rows, strict=True) if count >= least}
    largest = [
        _largest(criterion, [each for each in differences if each.criterion == criterion], large)
        for criterion in CRITERIA
    ]
    return Fairness(
        column=column,
        reference=reference,
        outcome="positive" if positive_outcome else "negative",
        rates=_table([labels[at] for at in seen], weight[seen], rates, seen),
        disparities=tuple(largest),
        differences=tuple(differences),
    )


Rates = dict[str, tuple[Floats, Floats, Floats]]
"""Each rate with its limits, by group."""


def _rates(
    used: Grouping, whole: Binary, threshold: float, *, positive_outcome: bool
) -> tuple[Rates, Floats]:
    """Rates of all groups at once, and their weights."""
    truth, predicted = whole.rows.truth, whole.rows.score >= threshold
    if not positive_outcome:
        truth, predicted = ~truth, ~predicted
    weights = whole.rows.weights
    cell = used.codes * 4 + truth * 2 + predicted
    count = len(used.groups) * 4
    cells = summed(cell, weights, count).reshape(-1, 4)
    squares = cells
    if weights is not None:
        squares = summed(cell, weights**2, count).reshape(-1, 4)
    parts = {
        "positive_rate": ((1, 3), (0, 1, 2, 3)),
        "true_positive_rate": ((3,), (2, 3)),
        "false_positive_rate": ((1,), (0, 1)),
        "predictive_value": ((3,), (1, 3)),
    }
    found: Rates = {}
    for name, (some, of) in parts.items():
        below = cells[:, of].sum(axis=1)
        rate = share(cells[:, some].sum(axis=1), below)
        size = effective(below, squares[:, of].sum(axis=1))
        found[name] = (rate, *wilson(rate, size, whole.options.confidence))
    return found, cells.sum(axis=1)


def _compared(criterion: str, labels: list[str], rates: Rates, at: int, base: int) -> Disparity:
    """The larger of a criterion's differences between a group and the reference.

    Their limits are Newcombe's; of two rates they are those of the larger one alone.
    """
    found = [_difference(criterion, name, labels, rates, at, base) for name in CRITERIA[criterion]]
    missing = [each for each in found if each.difference.value is None]
    if missing:
        return missing[0]
    return max(found, key=lambda each: abs(each.difference.value or 0.0))


def _difference(
    criterion: str, name: str, labels: list[str], rates: Rates, at: int, base: int
) -> Disparity:
    rate, low, high = rates[name]
    for group in (at, base):
        if math.isnan(rate[group]):
            reason = f"{labels[group]} {WHY_NOT[name]}"
            return _disparity(criterion, labels[at], name, reason=reason)
    mine, theirs = (
        (float(rate[group]), float(low[group]), float(high[group])) for group in (at, base)
    )
    limits = newcombe(mine, theirs)
    ratio = mine[0] / theirs[0] if theirs[0] else None
    return _disparity(criterion, labels[at], name, mine[0] - theirs[0], limits, ratio)


def _disparity(
    criterion: str,
    group: str,
    rate: str,
    difference: float = math.nan,
    limits: tuple[float, float] = (math.nan, math.nan),
    ratio: float | None = None,
    *,
    reason: str = "",
) -> Disparity:
    told = metric(criterion, difference, (*limits, "newcombe"), reason=reason)
    return Disparity.model_validate(
        {
            "criterion": criterion,
            "group": group,
            "rate": rate,
            "difference": told,
            "ratio": ratio,
        }
    )


def _largest(criterion: str, found: list[Disparity], large: set[str]) -> Disparity:
    """The largest difference of a criterion; groups that cannot be compared are left out.

    Args:
        criterion: its name.
        found: the differences of all groups.
        large: the groups that have enough rows.
    """
    compared = [each for each in found if each.group in large]
    known = [each for each in compared if each.difference.value is not None]
    if known:
        return max(known, key=lambda each: abs(each.difference.value or 0.0))
    reason = compared[0].difference.reason if compared else ""
    if not reason:
        reason = "all other groups have too few rows" if found else "there is no other group"
    missing = absent(criterion, reason)
    return Disparity.model_validate({"criterion": criterion, "difference": missing})


def _table(labels: list[str], weight: Floats, rates: Rates, seen: Ints) -> GroupRates:
    columns = {
        f"{name}{ending}": gaps(values[seen])
        for name, of in rates.items()
        for ending, values in zip(("", "_low", "_high"), of, strict=True)
    }
    return GroupRates(label=tuple(labels), weight=plain(weight), **columns)
