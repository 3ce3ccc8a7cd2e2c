"""Binary metrics and curves, against scikit-learn, statsmodels and scipy."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint
from tests.rooms.analysis.conftest import by_code, made

from modelyard.analysis import calibration, thinning, thresholds
from modelyard.analysis.areas import found_at
from modelyard.analysis.binary import Binary
from modelyard.analysis.ranking import ranked
from modelyard.analysis.types import BinaryOptions, Gains, Metric

GAINS = Gains(true_positive=3, false_positive=-1, true_negative=0.5, false_negative=-2)
CASES = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 1.0]), st.integers(1, 3)),
    min_size=1,
    max_size=30,
)


def area(x, y):
    return float(np.trapezoid(y, x))


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.4, 0.5, 1.0])
def test_metrics_at_a_threshold_are_those_of_scikit_learn(scored, threshold):
    found = Binary(scored.truth, scored.score, scored.weights, options=BinaryOptions(gains=GAINS))
    at = found.at(threshold)
    told = by_code(at.metrics)
    predicted = scored.score >= threshold
    weights = {"sample_weight": scored.weights}

    matrix = sk.confusion_matrix(scored.truth, predicted, **weights, labels=[0, 1])
    tn, fp, fn, tp = matrix.ravel()
    cells = at.cells
    assert [cells.true_negative, cells.false_positive] == pytest.approx([tn, fp], abs=1e-9)
    assert [cells.false_negative, cells.true_positive] == pytest.approx([fn, tp], abs=1e-9)
    for code, oracle in {
        "accuracy": sk.accuracy_score,
        "recall": sk.recall_score,
        "f1": sk.f1_score,
        "hammingLoss": sk.hamming_loss,
    }.items():
        assert told[code].value == pytest.approx(oracle(scored.truth, predicted, **weights)), code
    if predicted.any():
        expected = sk.precision_score(scored.truth, predicted, **weights)
        assert told["precision"].value == pytest.approx(expected)
    else:
        assert (told["precision"].value, told["precision"].reason) == (
            None,
            "no row is predicted positive",
        )
    if len(set(predicted)) == 2:
        expected = sk.matthews_corrcoef(scored.truth, predicted, **weights)
        assert told["mcc"].value == pytest.approx(expected)
    else:
        assert told["mcc"].value is None
        assert "same for all rows" in told["mcc"].reason
    gain = (3 * tp - fp + 0.5 * tn - 2 * fn) / matrix.sum()
    assert told["costMatrixGain"].value == pytest.approx(gain)
    for metric in told.values():
        if metric.low is not None:
            assert metric.low <= metric.value <= metric.high


def test_metrics_of_the_ranking_are_those_of_scikit_learn(scored):
    told = by_code(Binary(scored.truth, scored.score, scored.weights).metrics(0.5))
    weights = {"sample_weight": scored.weights}
    expected = {
        "auc": sk.roc_auc_score(scored.truth, scored.score, **weights),
        "averagePrecision": sk.average_precision_score(scored.truth, scored.score, **weights),
        "logLoss": sk.log_loss(scored.truth, scored.score, **weights),
        "brierScore": sk.brier_score_loss(scored.truth, scored.score, **weights),
    }
    assert {code: told[code].value for code in expected} == pytest.approx(expected, abs=1e-12)


def test_shares_have_the_intervals_of_wilson():
    truth, score = made("smooth").truth, made("smooth").score
    told = by_code(Binary(truth, score, options=BinaryOptions(confidence=0.9)).metrics(0.4))
    right = int(((score >= 0.4) == truth).sum())
    expected = proportion_confint(right, len(truth), alpha=0.1, method="wilson")
    assert (told["accuracy"].low, told["accuracy"].high) == pytest.approx(expected)
    assert told["accuracy"].method == "wilson"
    caught = int((truth[score >= 0.4]).sum())
    expected = proportion_confint(caught, int(truth.sum()), alpha=0.1, method="wilson")
    assert (told["recall"].low, told["recall"].high) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["smooth", "ties", "rare"])
def test_the_interval_of_the_auc_is_delongs(kind):
    truth, score = made(kind).truth, made(kind).score
    metric = by_code(Binary(truth, score).metrics(0.5))["auc"]
    positive, negative = score[truth == 1], score[truth == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    # DeLong et al. 1988, equations 4 to 6, word by word.
    variance = wins.mean(axis=1).var(ddof=1) / len(positive)
    variance += wins.mean(axis=0).var(ddof=1) / len(negative)
    expected = stats.norm.interval(0.95, wins.mean(), math.sqrt(variance))
    assert (metric.low, metric.high) == pytest.approx(np.clip(expected, 0, 1))
    assert metric.method == "delong"


@pytest.mark.parametrize("kind", ["smooth", "ties", "weights"])
@pytest.mark.parametrize("code", ["averagePrecision", "f1", "mcc", "costMatrixGain", "auc"])
def test_intervals_of_the_delta_method_are_those_of_a_jackknife(kind, code):
    """Leaving each row out in turn is another way to the same variance."""
    rows = made(kind, 160)
    whole = Binary(rows.truth, rows.score, rows.weights)
    metric = by_code(whole.metrics(0.4))[code]
    left = []
    for row in range(len(rows.truth)):
        weights = None if rows.weights is None else np.delete(rows.weights, row)
        part = Binary(np.delete(rows.truth, row), np.delete(rows.score, row), weights)
        told = part.at(0.4).metrics
        told += (part._auc, part._average_precision)
        left.append(by_code(told)[code].value)
    error = math.sqrt(np.var(left) * (len(left) - 1))
    assert (metric.high - metric.low) / (2 * 1.959964) == pytest.approx(error, rel=0.06)


@pytest.mark.parametrize("kind", ["smooth", "weights"])
@pytest.mark.parametrize("code", ["lift", "calibrationLoss"])
def test_resampled_cells_spread_as_resampled_rows(kind, code):
    rows = made(kind, 3000)
    options = BinaryOptions(resamples=400, lift_share=0.2, calibration_groups=5)
    metric = by_code(Binary(rows.truth, rows.score**2, rows.weights, options=options).metrics(0.5))
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(150):
        at = rng.integers(0, 3000, 3000)
        weights = None if rows.weights is None else rows.weights[at]
        ranking = ranked(rows.truth[at] == 1, rows.score[at] ** 2, weights)
        if code == "lift":
            drawn.append(found_at(ranking, 0.2) / 0.2)
        else:
            drawn.append(calibration.calibration_curve(ranking, options, None).loss.value)
    width = metric[code].high - metric[code].low
    assert width == pytest.approx(np.ptp(np.quantile(drawn, [0.025, 0.975])), rel=0.3)


def test_the_same_seed_gives_the_same_intervals():
    rows = made("smooth")
    first, second = (
        Binary(rows.truth, rows.score, options=BinaryOptions(seed=seed)).metrics(0.5)
        for seed in (3, 3)
    )
    other = Binary(rows.truth, rows.score, options=BinaryOptions(seed=4)).metrics(0.5)
    assert first == second != other


def test_the_roc_curve_goes_through_the_points_of_scikit_learn(scored):
    curve = Binary(scored.truth, scored.score, scored.weights).roc_curve()
    rates = sk.roc_curve(
        scored.truth, scored.score, sample_weight=scored.weights, drop_intermediate=False
    )
    points = {
        threshold: (x, y)
        for x, y, threshold in zip(*rates, strict=True)
        if math.isfinite(threshold)
    }
    columns = (curve.threshold, curve.false_positive_rate, curve.true_positive_rate)
    for threshold, x, y in zip(*columns, strict=True):
        if threshold is not None:
            assert points[threshold] == pytest.approx((x, y))
    expected = sk.roc_auc_score(scored.truth, scored.score, sample_weight=scored.weights)
    assert area(curve.false_positive_rate, curve.true_positive_rate) == pytest.approx(
        expected, abs=1e-12
    )
    assert curve.area.value == pytest.approx(expected)


def test_thinned_curves_are_short_rise_and_keep_their_area():
    rows = made("smooth", 50_000)
    found = Binary(rows.truth, rows.score)
    roc = found.roc_curve()
    x, y = np.array(roc.false_positive_rate), np.array(roc.true_positive_rate)
    assert len(x) <= 2 * thinning.VERTICES + 1
    assert (np.diff(x) >= 0).all()
    assert (np.diff(y) >= 0).all()
    assert area(x, y) == pytest.approx(sk.roc_auc_score(rows.truth, rows.score), abs=1e-12)
    whole_x, whole_y, _ = sk.roc_curve(rows.truth, rows.score)
    assert abs(np.interp(x, whole_x, whole_y) - y).max() < 2 / thinning.VERTICES

    steps = found.precision_recall_curve()
    assert len(steps.recall) <= 2 * thinning.VERTICES
    expected = sk.average_precision_score(rows.truth, rows.score)
    kept = np.diff(steps.recall, prepend=0.0) @ np.array(steps.precision)
    assert kept == pytest.approx(expected, abs=1e-12)

    gain = found.gain_curve()
    falling = rows.truth[np.argsort(-rows.score)]
    under = np.trapezoid(np.append(0, falling.cumsum()) / falling.sum(), dx=1 / len(falling))
    assert area(gain.targeted, gain.found) == pytest.approx(under, abs=1e-12)
    assert gain.wizard_targeted == (0.0, falling.mean(), 1.0)


@pytest.mark.parametrize("threshold", [0.0, 0.3217, 0.5, 0.9, 1.0])
def test_thinned_curves_keep_the_point_of_the_threshold(threshold):
    rows = made("smooth", 20_000)
    found = Binary(rows.truth, rows.score)
    flagged = rows.score >= threshold
    true, false = flagged[rows.truth == 1].mean(), flagged[rows.truth == 0].mean()
    roc, gain = found.roc_curve(threshold), found.gain_curve(threshold)
    assert (false, true) in zip(roc.false_positive_rate, roc.true_positive_rate, strict=True)
    assert (flagged.mean(), true) in zip(gain.targeted, gain.found, strict=True)
    assert area(roc.false_positive_rate, roc.true_positive_rate) == pytest.approx(
        sk.roc_auc_score(rows.truth, rows.score), abs=1e-12
    )
    assert len(roc.threshold) <= 2 * thinning.VERTICES + 3


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60))
def test_any_rising_curve_keeps_its_area(moves):
    x = np.cumsum([0.0, *(move[0] for move in moves)])
    y = np.cumsum([0.0, *(move[1] for move in moves)])
    under = np.append(0.0, np.cumsum(np.diff(x) * (y[1:] + y[:-1]) / 2))
    points = thinning.vertices((x + y)[1:], count=5)
    thin_x, thin_y, which = thinning.thinned(points, x[points], y[points], under[points])
    assert area(thin_x, thin_y) == pytest.approx(area(x, y), abs=1e-9)
    assert (np.diff(thin_x) >= -1e-12).all()
    assert (np.diff(thin_y) >= -1e-12).all()
    kept = which >= 0
    assert (thin_x[kept] == x[which[kept]]).all()
    assert (thin_y[kept] == y[which[kept]]).all()


def test_precision_recall_steps_are_those_of_scikit_learn(scored):
    curve = Binary(scored.truth, scored.score, scored.weights).precision_recall_curve()
    weights = {"sample_weight": scored.weights}
    precision, recall, at = sk.precision_recall_curve(scored.truth, scored.score, **weights)
    points = dict(zip(at, zip(recall, precision, strict=False), strict=False))
    # All scores are told here, since they are few; what is left out adds no positives.
    for threshold, x, y in zip(curve.threshold, curve.recall, curve.precision, strict=True):
        if len(points) <= 2 * thinning.VERTICES:
            assert points[threshold] == pytest.approx((x, y))
    steps = np.diff(curve.recall, prepend=0.0) @ np.array(curve.precision)
    assert steps == pytest.approx(
        sk.average_precision_score(scored.truth, scored.score, **weights), abs=1e-12
    )


def test_bands_hold_their_curves():
    rows = made("smooth", 5000)
    found = Binary(rows.truth, rows.score)
    for curve, x, y in (
        (found.roc_curve(), "false_positive_rate", "true_positive_rate"),
        (found.gain_curve(), "targeted", "found"),
    ):
        inside = np.interp(curve.band.x, getattr(curve, x), getattr(curve, y))
        assert (np.array(curve.band.low) <= inside + 2e-3).all()
        assert (inside <= np.array(curve.band.high) + 2e-3).all()
        assert 0.005 < max(np.subtract(curve.band.high, curve.band.low)) < 0.1


def test_the_band_of_a_share_of_one_class_is_as_wide_as_theory_says():
    """At a fixed false positive rate, Hsieh and Turnbull (1996) give the variance."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], [4000, 1000])
    score = stats.norm.cdf(rng.normal(truth, 1))
    band = Binary(truth, score).roc_curve().band
    at = band.x.index(0.2)
    cut = stats.norm.isf(0.2)
    rate, slope = stats.norm.sf(cut - 1), stats.norm.pdf(cut - 1) / stats.norm.pdf(cut)
    error = math.sqrt(rate * (1 - rate) / 1000 + slope**2 * 0.2 * 0.8 / 4000)
    assert band.high[at] - band.low[at] == pytest.approx(2 * 1.96 * error, rel=0.2)


def test_lift_is_the_rate_at_the_top_over_that_of_all():
    rows = made("smooth", 1000)
    top = np.argsort(-rows.score)[:400]
    metric = Binary(rows.truth, rows.score).gain_curve().lift
    assert metric.value == pytest.approx(rows.truth[top].mean() / rows.truth.mean())
    assert metric.low < metric.value < metric.high
    # Rows of one score cannot be told apart: nothing is gained by targeting some of them.
    constant = Binary(made("constant").truth, made("constant").score).gain_curve().lift
    assert constant.value == pytest.approx(1)


def test_lift_bins_are_equal_parts_of_the_rows():
    rows = made("smooth", 1000)
    bins = Binary(rows.truth, rows.score).lift_bins()
    order = np.argsort(-rows.score)
    rates = rows.truth[order].reshape(10, 100).mean(axis=1)
    assert bins.positive_rate == pytest.approx(rates)
    assert bins.lift == pytest.approx(rates / rows.truth.mean())
    assert bins.lowest_score == pytest.approx(rows.score[order].reshape(10, 100)[:, -1])
    weighted = made("weights", 1000)
    bins = Binary(weighted.truth, weighted.score, weighted.weights).lift_bins()
    assert bins.weight == pytest.approx([weighted.weights.sum() / 10] * 10)
    assert np.mean(bins.lift) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["smooth", "ties", "few", "constant"])
def test_calibration_is_that_of_scikit_learn(kind):
    rows = made(kind)
    options = BinaryOptions(calibration_by="width", calibration_groups=10)
    curve = Binary(rows.truth, rows.score, options=options).calibration_curve()
    observed, predicted = calibration_curve(rows.truth, rows.score, n_bins=10)
    assert curve.observed == pytest.approx(observed)
    assert curve.predicted == pytest.approx(predicted)
    assert sum(curve.weight) == len(rows.truth)
    loss = np.average(abs(observed - predicted), weights=curve.weight)
    assert curve.loss.value == pytest.approx(loss)


def test_calibration_groups_of_equal_size_keep_ties_together():
    rows = made("smooth", 1500)
    curve = Binary(rows.truth, rows.score).calibration_curve()
    observed, predicted = calibration_curve(rows.truth, rows.score, n_bins=15, strategy="quantile")
    assert curve.weight == (100,) * 15
    assert curve.observed == pytest.approx(observed)
    assert curve.predicted == pytest.approx(predicted)
    tied = Binary(made("ties").truth, made("ties").score).calibration_curve()
    assert tied.predicted[:7] == pytest.approx([x / 10 for x in range(7)])
    assert tied.weight[:7] == tuple(np.unique(made("ties").score, return_counts=True)[1][:7])


def test_densities_are_those_of_scipy_and_integrate_to_one():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 3000)
    score = np.clip(rng.normal(0.4 + 0.2 * truth, 0.08), 0.01, 0.99)
    found = Binary(truth, score).densities()
    for side, label in (("positive", 1), ("negative", 0)):
        some = score[truth == label]
        spread = min(some.std(), stats.iqr(some) / 1.34)
        width = 0.9 * spread * len(some) ** -0.2 / some.std(ddof=1)
        oracle = stats.gaussian_kde(some, bw_method=width)(found.score)
        assert np.array(getattr(found, side)) == pytest.approx(oracle, abs=0.05)
        assert getattr(found, f"{side}_median") == pytest.approx(np.median(some), abs=1e-3)
        assert area(found.score, getattr(found, side)) == pytest.approx(1, abs=1e-3)
    edge = Binary([1, 1, 1, 0], [0.0, 0.01, 0.02, 1.0]).densities()
    assert area(edge.score, edge.positive) == pytest.approx(1, abs=2e-2)


@settings(max_examples=30)
@given(CASES)
def test_the_best_threshold_is_as_good_as_the_best_of_all(cases):
    truth, score, weights = (np.array(column) for column in zip(*cases, strict=True))
    found = Binary(truth, score, weights, options=BinaryOptions(gains=GAINS))
    for code, greater in thresholds.GREATER_IS_BETTER.items():
        best = found.best(code)
        if best.threshold is None:
            assert truth.all() or not truth.any() or code == "mcc"
            assert best.reason
            continue
        told = by_code(found.at(best.threshold).metrics)[code].value
        assert told == pytest.approx(best.value)
        chart = found.decision_chart(np.linspace(0, 1, 41)).columns()
        tried = chart[re.sub("([A-Z])", lambda at: f"_{at[0].lower()}", code)]
        values = [value for value in tried if value is not None]
        assert best.value == pytest.approx(max(values) if greater else min(values), abs=1e-9)


@pytest.mark.parametrize("gains", [GAINS, Gains(true_positive=-2, false_negative=1), Gains()])
@pytest.mark.parametrize("kind", ["smooth", "weights", "inverted", "rare"])
def test_the_best_of_many_thresholds_is_that_of_all_of_them(kind, gains):
    """Most of them are passed over; here each is looked at."""
    rows = made(kind, 4 * thresholds.STRIDE)
    found = Binary(rows.truth, rows.score, rows.weights, options=BinaryOptions(gains=gains))
    every = thresholds.confusion(found.ranking, np.arange(len(found.ranking.scores) + 1))
    for code, greater in thresholds.GREATER_IS_BETTER.items():
        values = every.metric(code, gains)
        expected = np.nanmax(values) if greater else np.nanmin(values)
        assert found.best(code).value == pytest.approx(expected, abs=1e-12), code


def test_the_best_threshold_has_few_digits():
    found = Binary([0, 0, 1, 1], [0.1, 0.31234, 0.38765, 0.9])
    assert found.best("f1").threshold == 0.35
    assert Binary([0, 1], [0.2, 0.9]).best("accuracy").threshold == 0.5
    assert Binary([1, 1, 0], [0.2, 0.3, 0.1]).best("recall").threshold in (0.1, 0.2)
    assert "no probabilities" not in (found.best("f1").reason or "")
    assert Binary([0, 1], [-3.0, -2.0]).best("f1").reason == "the scores are not probabilities"


def test_the_decision_chart_tells_what_each_threshold_tells():
    rows = made("weights")
    found = Binary(rows.truth, rows.score, rows.weights)
    chart = found.decision_chart()
    assert chart.threshold[0] == 0
    assert chart.threshold[-1] == 1
    for at in range(0, len(chart.threshold), 25):
        there = found.at(chart.threshold[at])
        told = by_code(there.metrics)
        assert chart.true_positive[at] == there.cells.true_positive
        assert chart.false_negative[at] == there.cells.false_negative
        assert chart.f1[at] == told["f1"].value
        assert chart.mcc[at] == told["mcc"].value
        assert chart.cost_matrix_gain[at] == told["costMatrixGain"].value
        for code, limits in chart.limits.items():
            kept = (limits.low[at], limits.high[at])
            assert kept == (told[code].low, told[code].high), code
    assert None in found.decision_chart(np.array([2.0])).precision


@settings(max_examples=30)
@given(CASES)
def test_weights_are_rows_that_come_several_times(cases):
    truth, score, weights = (np.array(column) for column in zip(*cases, strict=True))
    weighted = Binary(truth, score, weights)
    repeated = Binary(np.repeat(truth, weights), np.repeat(score, weights))
    first, second = (by_code(found.metrics(0.5)) for found in (weighted, repeated))
    for code, metric in first.items():
        assert metric.value == pytest.approx(second[code].value), code


@settings(max_examples=50)
@given(CASES)
def test_nothing_told_is_nan_and_the_limits_hold_the_value(cases):
    truth, score, weights = (np.array(column) for column in zip(*cases, strict=True))
    found = Binary(truth, score, weights, options=BinaryOptions(resamples=100))
    for metric in found.metrics(0.5):
        assert (metric.value is None) <= bool(metric.reason)
        assert metric.value is None or math.isfinite(metric.value)
        if metric.low is not None:
            assert metric.low <= metric.value + 1e-12
            assert metric.value <= metric.high + 1e-12
    for screen in screens(found):
        for name, column in screen.columns().items():
            assert all(x is None or math.isfinite(x) for x in column), name
        assert len({len(c) for n, c in screen.columns().items() if "wizard" not in n}) == 1


def screens(found):
    return [
        found.decision_chart(),
        found.roc_curve(),
        found.precision_recall_curve(),
        found.gain_curve(),
        found.lift_bins(),
        found.calibration_curve(),
        found.densities(),
    ]


@pytest.mark.parametrize("truth", [[], [1], [0], [1, 1], [0, 0], [1, 0]])
def test_few_rows_and_one_class_have_reasons(truth):
    found = Binary(truth, [0.7, 0.2][: len(truth)])
    told = by_code(found.metrics(0.5))
    assert all(metric.reason for metric in told.values() if metric.value is None)
    if len(set(truth)) < 2:
        assert told["auc"].value is None
        assert found.roc_curve().area == told["auc"]
        assert found.best("f1").threshold is None
    for screen in screens(found):
        screen.model_dump_json()
    reasons = {
        (): "there are no rows",
        (1,): "all rows are of the positive class",
        (0,): "there are no rows of the positive class",
    }
    if len(truth) < 2:
        assert told["auc"] == Metric(code="auc", reason=reasons[tuple(truth)])
    if truth == [1, 0]:
        assert told["auc"].value == 1
        assert told["auc"].low is None
        assert told["auc"].reason == "an interval takes two rows of each class"


def test_rows_that_cannot_be_used_are_counted():
    found = Binary(
        [1, 0, -1, 1, 0, 1, 0, 1],
        [0.9, 0.1, 0.5, math.nan, 0.3, 0.8, 0.4, 1.5],
        [1, 2, 1, 1, 0, -1, math.nan, 1],
    )
    assert found.intake.model_dump() == {
        "rows": 8,
        "used": 3,
        "without_truth": 1,
        "without_prediction": 1,
        "without_weight": 1,
        "bad_weight": 2,
        "no_probabilities": 1,
        "not_summing_to_one": 0,
        "total_weight": 4.0,
    }
    told = by_code(found.metrics(0.5))
    assert told["accuracy"].value == 1
    assert told["logLoss"].reason == "1 of 3 scores lie outside of 0 to 1"
    assert told["calibrationLoss"].reason == told["logLoss"].reason
    assert told["auc"].value == 1


def test_infinite_scores_can_be_ranked():
    found = Binary([1, 0, 1], [math.inf, -math.inf, 0.5])
    assert by_code(found.metrics(0.5))["auc"].value == 1
    for screen in screens(found):
        screen.model_dump_json()
