"""How predictions moved; no truth is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow.compute as pc

from modelyard.analysis.arrays import plain
from modelyard.analysis.calibration import density
from modelyard.analysis.drift.columns import results_of
from modelyard.analysis.drift.compared import Compared, DriftTest
from modelyard.analysis.drift.drift_tests import DRIFT_TESTS
from modelyard.analysis.drift.measures import holm
from modelyard.analysis.drift.outcomes import outcome
from modelyard.analysis.drift.profile_types import ColumnProfile, PredictionProfile
from modelyard.analysis.drift.profiles import Counting, profiled
from modelyard.analysis.drift.reading import Column
from modelyard.analysis.drift.spreads import spread_of
from modelyard.analysis.drift.types import (
    ColumnKind,
    Density,
    DriftSettings,
    DriftTestResult,
    Outcome,
    PredictionDrift,
)

NAME = "prediction"
"""What columns of predictions are called, also the density of numbers."""
TENTHS = 10
POINTS, BINS = 101, 400
"""Where densities are told, and bins they are smoothed from."""
TAIL = 0.001
"""Share of the numbers beyond each end of a density."""
CLASSES, NUMBERS, PROBABILITIES = ("psi", "chi2"), ("psi", "ks", "wasserstein"), ("psi", "ks")
ORDER: tuple[Outcome, ...] = ("drifted", "look", "unknown", "stable")


@dataclass(frozen=True)
class Predictions:
    """Predictions of one side: classes, with a probability of each if there are; or numbers."""

    classes: Column | None = None
    """The predicted class of each row, with the threshold applied."""
    probabilities: Mapping[str, Column] = field(default_factory=dict)
    """By class; of two classes the positive one's is enough."""
    numbers: Column | None = None
    """Of a regression."""

    @property
    def what(self) -> str:
        """What is predicted, in a sentence."""
        if self.numbers is not None:
            return "numbers"
        return "nothing" if self.classes is None else "classes"


def by_threshold(probability: Column, threshold: float, positive: str, negative: str) -> Column:
    """Classes of a binary model: the positive one from a probability on; missing stays missing."""
    values: Any = pc.if_else(pc.is_nan(probability), None, probability)
    return pc.if_else(pc.greater_equal(values, threshold), positive, negative)


def profile_of_predictions(predictions: Predictions) -> PredictionProfile:
    """The profile of predictions, to be compared with later ones."""

    def looked(column: Column | None, kind: ColumnKind) -> ColumnProfile | None:
        return None if column is None else profiled(NAME, column, kind)

    return PredictionProfile(
        classes=looked(predictions.classes, "categorical"),
        probabilities={
            name: profiled(NAME, column, "numeric")
            for name, column in predictions.probabilities.items()
        },
        numbers=looked(predictions.numbers, "numeric"),
    )


def prediction_drift(
    reference: Predictions | PredictionProfile,
    current: Predictions,
    settings: DriftSettings | None = None,
) -> PredictionDrift:
    """Compare the predictions of two sides, all rows of both.

    The outcome is the worst of those of classes and of the probability of each class, which share
    the allowed false alarms.

    Args:
        reference: predictions of the older side, or their profile. Of a profile, KS and Wasserstein
            are rounded, and these results say so.
        current: of the newer side.
        settings: thresholds and false alarms; numbers are put in tenths of the reference.
    """
    settings = settings or DriftSettings()
    reason = _why_not(reference, current)
    if reason:
        return PredictionDrift(reason=reason)
    pairs = list(_pairs(reference, current))
    past = settings.false_alarms and settings.false_alarms / len(pairs)
    results: list[DriftTestResult] = []
    judged: list[tuple[int, _Pair]] = []
    for pair in pairs:
        judged.append((len(results), pair))
        found = results_of(pair.compared, settings, pair.tests, past)
        results += [each.model_copy(update={"of": pair.of}) for each in found]
    results = _corrected(results)
    outcomes = []
    for start, pair in judged:
        told, why = outcome(
            pair.compared, pair.tests, results[start : start + len(pair.tests)], settings
        )
        outcomes.append((told, why if pair.of is None else f"probability of {pair.of}: {why}"))
    worst = min(outcomes, key=lambda each: ORDER.index(each[0]))
    return PredictionDrift(
        tests=tuple(results),
        shares=pairs[0].compared.bins.shares,
        densities=_densities(pairs),
        by_profile=isinstance(reference, PredictionProfile),
        outcome=worst[0],
        why=worst[1],
    )


@dataclass(frozen=True)
class _Pair:
    compared: Compared
    tests: tuple[DriftTest, ...]
    of: str | None = None


def _why_not(reference: Predictions | PredictionProfile, current: Predictions) -> str | None:
    if "nothing" in (reference.what, current.what):
        side = "the reference" if reference.what == "nothing" else "current"
        return f"{side} has no predictions"
    if reference.what != current.what:
        return f"the reference predicts {reference.what}, current {current.what}"
    for side, told in (("the reference", reference), ("current", current)):
        column = told.numbers if told.numbers is not None else told.classes
        if column is None or _is_empty(column):
            return f"{side} has no predictions"
    return None


def _is_empty(column: Column | ColumnProfile) -> bool:
    if isinstance(column, ColumnProfile):
        return column.missing == column.rows
    return bool(column.null_count == len(column))


def _pairs(reference: Predictions | PredictionProfile, current: Predictions) -> Iterator[_Pair]:
    if reference.numbers is not None and current.numbers is not None:
        yield _pair(reference.numbers, current.numbers, "numeric", NUMBERS)
        return
    if reference.classes is not None and current.classes is not None:
        yield _pair(reference.classes, current.classes, "categorical", CLASSES)
    for name, (old, new) in _probabilities(reference, current).items():
        yield _pair(old, new, "numeric", PROBABILITIES, of=name)


def _pair(
    old: Column | ColumnProfile,
    new: Column,
    kind: ColumnKind,
    tests: tuple[str, ...],
    of: str | None = None,
) -> _Pair:
    before = old if isinstance(old, ColumnProfile) else Counting(NAME, old, kind)
    after = Counting(NAME, new, kind)
    chosen = tuple(DRIFT_TESTS.get(name) for name in tests)
    return _Pair(Compared.of(before, after, TENTHS), chosen, of)


def _probabilities(
    reference: Predictions | PredictionProfile, current: Predictions
) -> dict[str, tuple[Column | ColumnProfile, Column]]:
    """Of classes of both sides; of two, the second's alone, as the first's mirrors it."""
    old, new = reference.probabilities, current.probabilities
    both = [name for name in old if name in new]
    if len(both) == len(old) == len(new) == 2:
        both = both[1:]
    return {name: (old[name], new[name]) for name in both}


def _corrected(results: list[DriftTestResult]) -> list[DriftTestResult]:
    at = [place for place, each in enumerate(results) if each.p_value is not None]
    corrected = holm([results[place].p_value or 0.0 for place in at])
    told = list(results)
    for place, p in zip(at, corrected, strict=True):
        told[place] = results[place].model_copy(update={"corrected": p})
    return told


def _densities(pairs: list[_Pair]) -> dict[str, Density]:
    found = {}
    for pair in pairs:
        if pair.compared.kind == "numeric":
            told = _density(pair.compared, probabilities=pair.of is not None)
            if told:
                found[pair.of or NAME] = told
    return found


def _density(compared: Compared, *, probabilities: bool) -> Density | None:
    """None: a side has no finite numbers, or all are one."""
    sides = [
        spread_of(numbers, profile.numbers)
        for numbers, profile in (
            (compared.reference_numbers, compared.reference),
            (compared.current_numbers, compared.current),
        )
        if profile.numbers and profile.numbers.count
    ]
    if len(sides) < 2:
        return None
    low = min(side.quantile(TAIL) for side in sides)
    high = max(side.quantile(1 - TAIL) for side in sides)
    if probabilities:
        low, high = 0.0, 1.0
    if not 0 < high - low < np.inf:
        return None
    edges, points = np.linspace(low, high, BINS + 1), np.linspace(low, high, POINTS)
    told = []
    for side in sides:
        counts = side.between(edges)
        # What lies beyond the ends keeps its share of the whole.
        shown = counts.sum() / side.size
        told.append(density(counts, edges, points) * shown if shown else np.zeros(POINTS))
    return Density(value=plain(points), reference=plain(told[0]), current=plain(told[1]))
