"""Performance drift: differences of metrics with intervals, against statsmodels and a bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from modelyard.analysis.binary import Binary
from modelyard.analysis.drift.performance import performance_drift
from modelyard.analysis.regression import Regression
from modelyard.analysis.types import Metric


def binary(rows, seed, *, slope=2.0, rate=0.3):
    rng = np.random.default_rng(seed)
    truth = (rng.random(rows) < rate).astype(int)
    logit = rng.normal(slope * (truth - 0.5), 1)
    return truth, 1 / (1 + np.exp(-logit))


def compared(old, new, **more):
    found = performance_drift(*(Binary(*side).metrics(0.5) for side in (old, new)), **more)
    return {each.code: each for each in found.metrics}, found


def test_differences_of_shares_have_newcombes_interval():
    old, new = binary(400, 1), binary(300, 2, slope=1.2)
    told, _ = compared(old, new)
    right = [int(((score >= 0.5) == truth).sum()) for truth, score in (old, new)]
    limits = confint_proportions_2indep(right[1], 300, right[0], 400, method="newcomb")
    change = told["accuracy"]
    assert change.difference.value == pytest.approx(right[1] / 300 - right[0] / 400)
    assert (change.difference.low, change.difference.high) == pytest.approx(limits)
    assert (change.reference.value, change.current.value) == (right[0] / 400, right[1] / 300)


def test_differences_of_means_have_the_normal_interval():
    rng = np.random.default_rng(1)
    sides = [(rng.normal(size=rows), rng.normal(size=rows)) for rows in (500, 300)]
    found = performance_drift(*(Regression(*side).metrics() for side in sides))
    change = next(each for each in found.metrics if each.code == "mae")
    old, new = (DescrStatsW(abs(truth - predicted)) for truth, predicted in sides)
    limits = CompareMeans(new, old).zconfint_diff(usevar="unequal")
    assert (change.difference.low, change.difference.high) == pytest.approx(limits)


def test_intervals_are_about_those_of_a_bootstrap():
    old, new = binary(500, 3), binary(400, 4, slope=1.0)
    told, _ = compared(old, new)
    rng = np.random.default_rng(0)

    def drawn(side):
        rows = rng.integers(len(side[0]), size=(200, len(side[0])))
        return [roc_auc_score(side[0][some], side[1][some]) for some in rows]

    low, high = np.quantile(np.subtract(drawn(new), drawn(old)), [0.025, 0.975])
    width = told["auc"].difference.high - told["auc"].difference.low
    assert width == pytest.approx(high - low, rel=0.2)
    assert told["auc"].difference.low == pytest.approx(low, abs=0.02)


def test_intervals_hold_no_change_as_often_as_they_say():
    held = dict.fromkeys(("accuracy", "auc", "logLoss", "f1"), 0)
    for seed in range(200):
        sides = (Binary(*binary(rows, 2 * seed + rows)) for rows in (150, 251))
        told = [[side.metric(code, 0.5) for code in held] for side in sides]
        for each in performance_drift(*told).metrics:
            held[each.code] += each.change == "same"
    least, most = stats.binom.ppf([0.001, 0.999], 200, 0.95)
    for code, count in held.items():
        assert least <= count <= most, code


def test_worse_is_lower_or_higher_as_the_metric_has_it():
    told, found = compared(binary(2000, 1), binary(2000, 2, slope=0.5))
    assert {told[code].change for code in ("auc", "accuracy", "logLoss", "brierScore")} == {"worse"}
    assert told["logLoss"].difference.low > 0
    assert found.outcome == "drifted"
    told, found = compared(binary(2000, 1, slope=0.5), binary(2000, 2))
    assert {told[code].change for code in ("auc", "accuracy", "logLoss")} == {"better"}
    assert found.outcome == "stable"


def test_metrics_that_move_with_the_shares_of_classes_say_so():
    old, new = binary(2000, 1), binary(2000, 2, rate=0.6)
    classes = tuple(np.bincount(side[0]) for side in (old, new))
    told, found = compared(old, new, classes=classes)
    note = told["averagePrecision"].difference.note
    assert note.startswith("it moves with the shares of the classes alone, and one of them went")
    assert f"{old[0].mean():.1%}" in note or f"{1 - old[0].mean():.1%}" in note
    assert told["auc"].difference.note is None
    assert told["recall"].difference.note is None
    assert told["averagePrecision"].change == "better"
    assert found.outcome != "drifted"
    alike, _ = compared(old, new, classes=(classes[0], classes[0]))
    assert alike["averagePrecision"].difference.note is None
    nothing, _ = compared(old, new, classes=((), ()))
    assert nothing["averagePrecision"].difference.note is None


def test_what_cannot_be_computed_has_the_reason_of_its_side():
    one = ([1], [0.7])
    told, found = compared(one, binary(100, 1))
    assert told["auc"].difference.reason == "the reference: all rows are of the positive class"
    assert told["auc"].change == "unknown"
    told, _ = compared(binary(100, 1), one)
    assert told["logLoss"].difference.value is not None
    assert told["logLoss"].difference.reason == "current: too few rows for an interval"
    assert told["logLoss"].change == "unknown"
    _, found = compared(([], []), ([], []))
    assert found.outcome == "unknown"
    found = performance_drift(
        Regression([1.0], [1.0]).metrics(), Binary([1, 0], [0.4, 0.5]).metrics(0.5)
    )
    assert found.reason == "no metric is of both sides"
    own = Metric(code="mine", value=3)
    found = performance_drift([own, Metric(code="a", value=1)], [Metric(code="a", value=2)])
    assert [each.difference.reason for each in found.metrics] == [
        "current: current does not have it",
        "the reference: it has no interval",
    ]


limits = st.tuples(*[st.floats(-1e6, 1e6)] * 3).map(sorted)


@given(limits, limits)
def test_the_interval_is_that_of_the_sides_exchanged_and_holds_the_difference(old, new):
    def metric(three):
        return Metric(code="r2", low=three[0], value=three[1], high=three[2])

    there = performance_drift([metric(old)], [metric(new)]).metrics[0]
    back = performance_drift([metric(new)], [metric(old)]).metrics[0]
    assert there.difference.low <= there.difference.value <= there.difference.high
    assert there.difference.low == pytest.approx(-back.difference.high)
    opposite = {"better": "worse", "worse": "better", "same": "same"}
    assert back.change == opposite[there.change]
