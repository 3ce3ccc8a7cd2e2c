"""Metrics of each subgroup of a column, with intervals; rows are put in groups once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeVar

import numpy as np

from modelyard.analysis.arrays import Floats, Ints
from modelyard.analysis.binary import Binary
from modelyard.analysis.group_types import Group, Slice, Slices
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.regression import Regression
from modelyard.analysis.types import Intake, Metric

Part = TypeVar("Part", Binary, Multiclass, Regression)
LEAST = 10
"""Rows below which a slice is excluded."""


def binary_slices(
    column: str,
    grouping: Grouping,
    whole: Binary,
    threshold: float,
    least: int = LEAST,
    *,
    code: str | None = None,
) -> Slices:
    """Slices of a binary model; all are cut from the one order of its scores.

    Args:
        column: its name.
        grouping: of all rows that came, whether used or not.
        whole: the model's scores.
        threshold: from which the positive class is predicted.
        least: rows below which a slice is excluded.
        code: of the only metric that is told; None: all of them.
    """

    def metrics(part: Binary) -> tuple[Metric, ...]:
        return part.metrics(threshold) if code is None else (part.metric(code, threshold),)

    def told(group: Group | None, part: Binary) -> Slice:
        rows = part.rows
        few = len(rows.truth) < least
        return Slice(
            group=group,
            rows=len(rows.truth),
            weight=part.intake.total_weight,
            share=_share(part.intake, whole.intake),
            excluded=few,
            actual=_mean(rows.truth.astype(float), rows.weights),
            predicted=_mean((rows.score >= threshold).astype(float), rows.weights),
            metrics=() if few else metrics(part),
        )

    used = grouping.of(whole.rows.kept.mask)
    parts = (whole.part(rows) for rows in _by_group(used))
    return _slices(column, used, told(None, whole), parts, told)


def multiclass_slices(
    column: str,
    grouping: Grouping,
    whole: Multiclass,
    least: int = LEAST,
    *,
    code: str | None = None,
) -> Slices:
    """Slices of a model of several classes; arguments as of `binary_slices`."""

    def metrics(part: Multiclass) -> tuple[Metric, ...]:
        return part.metrics() if code is None else (part.metric(code),)

    def told(group: Group | None, part: Multiclass) -> Slice:
        rows = len(part.truth)
        return Slice(
            group=group,
            rows=rows,
            weight=part.intake.total_weight,
            share=_share(part.intake, whole.intake),
            excluded=rows < least,
            metrics=() if rows < least else metrics(part),
        )

    used = grouping.of(whole.kept.mask)
    parts = (whole.part(rows) for rows in _by_group(used))
    return _slices(column, used, told(None, whole), parts, told)


def regression_slices(
    column: str,
    grouping: Grouping,
    whole: Regression,
    least: int = LEAST,
    *,
    code: str | None = None,
) -> Slices:
    """Slices of a regression; arguments as of `binary_slices`."""

    def metrics(part: Regression) -> tuple[Metric, ...]:
        return tuple(each for each in part.metrics() if code in (None, each.code))

    def told(group: Group | None, part: Regression) -> Slice:
        rows = len(part.truth)
        return Slice(
            group=group,
            rows=rows,
            weight=part.intake.total_weight,
            share=_share(part.intake, whole.intake),
            excluded=rows < least,
            actual=_mean(part.truth, part.weights),
            predicted=_mean(part.predicted, part.weights),
            actual_std=_std(part.truth, part.weights),
            predicted_std=_std(part.predicted, part.weights),
            metrics=() if rows < least else metrics(part),
        )

    used = grouping.of(whole.kept.mask)
    parts = (whole.part(rows) for rows in _by_group(used))
    return _slices(column, used, told(None, whole), parts, told)


def _slices(
    column: str,
    used: Grouping,
    total: Slice,
    parts: Iterator[Part],
    told: Callable[[Group | None, Part], Slice],
) -> Slices:
    found = tuple(told(group, part) for group, part in zip(used.groups, parts, strict=True))
    return Slices(column=column, total=total, slices=tuple(each for each in found if each.rows))


def _by_group(used: Grouping) -> Iterator[Ints]:
    """The rows of each group, in their order."""
    narrow = used.codes.astype(np.int16) if len(used.groups) < 2**15 else used.codes
    rows = np.argsort(narrow, kind="stable")
    ends = np.cumsum(np.bincount(used.codes, minlength=len(used.groups)))
    for start, end in pairwise([0, *ends.tolist()]):
        yield rows[start:end]


def _share(part: Intake, whole: Intake) -> float:
    return part.total_weight / whole.total_weight if whole.total_weight else 0.0


def _mean(values: Floats, weights: Floats | None) -> float | None:
    return float(np.average(values, weights=weights)) if len(values) else None


def _std(values: Floats, weights: Floats | None) -> float | None:
    mean = _mean(values, weights)
    if mean is None:
        return None
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
