"""How predictions moved: classes, probabilities, numbers."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from modelyard.analysis.drift.predictions import (
    Predictions,
    by_threshold,
    prediction_drift,
    profile_of_predictions,
)
from modelyard.analysis.drift.profile_types import PredictionProfile
from modelyard.analysis.drift.types import DriftSettings


def binary(seed, mean, rows=4000):
    logit = np.random.default_rng(seed).normal(mean, 1, rows)
    late = pa.array(1 / (1 + np.exp(-logit)))
    return Predictions(
        classes=by_threshold(late, 0.5, "late", "on time"),
        probabilities={"on time": pa.array(1 - late.to_numpy()), "late": late},
    )


def test_classes_and_probabilities_of_a_binary_model():
    old, new = binary(1, 0.0), binary(2, 0.2)
    found = prediction_drift(old, new)
    assert [(test.test, test.of) for test in found.tests] == [
        ("psi", None),
        ("chi2", None),
        ("psi", "late"),
        ("ks", "late"),
    ]
    counts = [
        [side.classes.to_pylist().count(name) for name in found.shares.bin] for side in (old, new)
    ]
    assert found.shares.reference == pytest.approx([count / 4000 for count in counts[0]])
    assert found.shares.change == pytest.approx(
        [100 * (b - a) / a for a, b in zip(*counts, strict=True)]
    )
    chi2 = stats.chi2_contingency(counts, correction=False)
    assert found.tests[1].p_value == pytest.approx(chi2.pvalue)
    ks = stats.ks_2samp(old.probabilities["late"], new.probabilities["late"])
    assert found.tests[3].statistic == pytest.approx(ks.statistic)
    p_values = [found.tests[1].p_value, found.tests[3].p_value]
    corrected = [found.tests[1].corrected, found.tests[3].corrected]
    assert corrected == pytest.approx(multipletests(p_values, method="holm")[1].tolist())
    assert found.outcome == "stable"
    density = found.densities["late"]
    assert set(found.densities) == {"late"}
    assert np.trapezoid(density.current, density.value) == pytest.approx(1, abs=0.01)
    drifted = prediction_drift(old, binary(3, 1.2))
    assert drifted.outcome == "drifted"
    assert "PSI of" in drifted.why


def test_probabilities_may_move_where_classes_do_not():
    old, new = binary(1, 4.0), binary(2, 5.5)
    found = prediction_drift(old, new)
    assert found.tests[0].statistic < 0.05
    assert found.outcome == "drifted"
    assert found.why.startswith("probability of late: PSI of")


def test_numbers_are_put_in_tenths_of_the_reference():
    rng = np.random.default_rng(4)
    old, new = rng.lognormal(0, 1, 3000), rng.lognormal(0.3, 1, 2000)
    settings = DriftSettings(bins=4)
    found = prediction_drift(
        Predictions(numbers=pa.array(old)), Predictions(numbers=pa.array(new)), settings
    )
    tenths = np.quantile(old, np.arange(1, 10) / 10, method="inverted_cdf")
    shares = np.bincount(tenths.searchsorted(new), minlength=10) / 2000
    assert len(found.shares.bin) == 10
    assert found.shares.current == pytest.approx(shares.tolist(), abs=0.002)
    assert found.shares.change == pytest.approx((1000 * shares - 100).tolist(), abs=2)
    by_name = {test.test: test for test in found.tests}
    assert by_name["ks"].statistic == pytest.approx(stats.ks_2samp(old, new).statistic)
    density = found.densities["prediction"]
    assert 0.9 < np.trapezoid(density.reference, density.value) <= 1.001


def test_classes_of_many():
    rng = np.random.default_rng(5)
    names = np.array(["a", "b", "c"])
    sides = []
    for weights in ([3, 2, 1], [1, 2, 3]):
        p = rng.dirichlet(weights, 2000)
        sides.append(
            Predictions(
                classes=pa.array(names[p.argmax(axis=1)]),
                probabilities={name: pa.array(p[:, at]) for at, name in enumerate(names)},
            )
        )
    found = prediction_drift(*sides)
    assert found.outcome == "drifted"
    assert set(found.densities) == {"a", "b", "c"}
    assert {test.of for test in found.tests} == {None, "a", "b", "c"}


def test_a_threshold_makes_classes():
    found = by_threshold(pa.array([0.2, 0.5, None, math.nan]), 0.5, "yes", "no")
    assert found.to_pylist() == ["no", "yes", None, None]


def test_what_cannot_be_compared_has_a_reason():
    classes, numbers = Predictions(classes=pa.array(["a"])), Predictions(numbers=pa.array([1.0]))
    found = prediction_drift(classes, numbers)
    assert found.reason == "the reference predicts classes, current numbers"
    assert found.outcome == "unknown"
    assert prediction_drift(Predictions(), numbers).reason == "the reference has no predictions"
    empty = Predictions(numbers=pa.array([None], pa.float64()))
    assert prediction_drift(numbers, empty).reason == "current has no predictions"
    assert "at least 30" in prediction_drift(numbers, numbers).why
    constant = Predictions(numbers=pa.array([math.inf, 2.0] * 40))
    assert prediction_drift(constant, constant).outcome == "stable"
    assert not prediction_drift(constant, constant).densities


@pytest.mark.parametrize("what", ["classes", "numbers"])
def test_a_profile_of_predictions_tells_nearly_the_same(what):
    if what == "classes":
        old, new = binary(1, 0.0), binary(2, 0.2)
    else:
        rng = np.random.default_rng(4)
        old, new = (
            Predictions(numbers=pa.array(np.where(rng.random(n) < 0.3, 0, rng.lognormal(0, 1, n))))
            for n in (3000, 2000)
        )
    kept = profile_of_predictions(old).model_dump_json()
    found = prediction_drift(PredictionProfile.model_validate_json(kept), new)
    exact = prediction_drift(old, new)
    assert (found.by_profile, exact.by_profile) == (True, False)
    assert (found.outcome, found.why, found.shares) == (exact.outcome, exact.why, exact.shares)
    for test, same in zip(found.tests, exact.tests, strict=True):
        near = {"ks": 1 / 500, "wasserstein": 0.005}.get(test.test, 0)
        assert test.statistic == pytest.approx(same.statistic, abs=near + 1e-12)
        assert test.exact == (near == 0)
    assert found.densities.keys() == exact.densities.keys()
    for name, density in found.densities.items():
        whole = np.trapezoid(density.reference, density.value)
        assert whole == pytest.approx(1, abs=0.02)
        same = exact.densities[name]
        at = np.interp(same.value, density.value, density.reference)
        assert np.abs(at - same.reference).max() < 0.06 * max(same.reference)


def test_a_profile_of_no_predictions_has_a_reason():
    numbers = Predictions(numbers=pa.array([1.0] * 40))
    empty = profile_of_predictions(Predictions(numbers=pa.array([None], pa.float64())))
    assert prediction_drift(empty, numbers).reason == "the reference has no predictions"
    classes = profile_of_predictions(Predictions(classes=pa.array(["a"])))
    found = prediction_drift(classes, numbers)
    assert found.reason == "the reference predicts classes, current numbers"
