"""Metrics and screens of a regression, against scikit-learn and scipy."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk
from tests.rooms.analysis.conftest import by_code, jackknifed

from modelyard.analysis.grouping import by_number, grouped
from modelyard.analysis.regression import Regression
from modelyard.analysis.regression_types import RegressionOptions

CODES = ["explainedVariance", "mape", "mae", "mse", "rmse", "rmsle", "r2", "pearson"]


def made(rows=500, *, weighted=False):
    rng = np.random.default_rng(5)
    truth = rng.gamma(2, 3, rows)
    predicted = 0.8 * truth + 1 + rng.standard_t(3, rows)
    return truth, predicted.clip(-0.5), rng.gamma(1, 2, rows) if weighted else None


@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_are_those_of_scikit_learn_and_scipy(weighted):
    truth, predicted, weights = made(weighted=weighted)
    found = Regression(truth, predicted, weights).metrics()
    told = by_code(found)
    assert [metric.code for metric in found][: len(CODES)] == CODES
    weigh = {"sample_weight": weights}
    expected = {
        "explainedVariance": sk.explained_variance_score(truth, predicted, **weigh),
        "mape": sk.mean_absolute_percentage_error(truth, predicted, **weigh),
        "mae": sk.mean_absolute_error(truth, predicted, **weigh),
        "mse": sk.mean_squared_error(truth, predicted, **weigh),
        "rmse": sk.root_mean_squared_error(truth, predicted, **weigh),
        "rmsle": sk.root_mean_squared_log_error(truth, predicted, **weigh),
        "r2": sk.r2_score(truth, predicted, **weigh),
        "pearson": np.cov(truth, predicted, aweights=weights)[0, 1]
        / math.sqrt(np.cov(truth, aweights=weights) * np.cov(predicted, aweights=weights)),
    }
    assert {code: told[code].value for code in expected} == pytest.approx(expected)
    for metric in told.values():
        assert metric.low < metric.value < metric.high


def test_intervals_are_those_of_scipy():
    truth, predicted, _ = made()
    told = by_code(Regression(truth, predicted).metrics())
    losses = abs(truth - predicted)
    error = losses.std(ddof=1) / math.sqrt(len(losses))
    expected = stats.norm.interval(0.95, losses.mean(), error)
    assert (told["mae"].low, told["mae"].high) == pytest.approx(expected)
    squares = (truth - predicted) ** 2
    limits = stats.norm.interval(0.95, squares.mean(), stats.sem(squares))
    assert (told["rmse"].low, told["rmse"].high) == pytest.approx(np.sqrt(limits))
    expected = stats.pearsonr(truth, predicted).confidence_interval(0.95)
    assert (told["pearson"].low, told["pearson"].high) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("weighted", [False, True])
def test_intervals_of_shares_of_variance_are_those_of_a_jackknife(weighted):
    truth, predicted, weights = made(200, weighted=weighted)
    weights = np.ones(200) if weights is None else weights
    told = by_code(Regression(truth, predicted, weights).metrics())
    errors = jackknifed(lambda nudged: Regression(truth, predicted, nudged).metrics(), weights)
    for code in ("r2", "explainedVariance", "mae", "mse"):
        width = told[code].high - told[code].low
        assert width / (2 * 1.959964) == pytest.approx(errors[code], rel=0.01)


def test_extreme_errors_are_winsorised():
    truth, predicted, _ = made()
    error = predicted - truth
    clipped = np.clip(error, *np.quantile(error, [0.02, 0.98]))
    found = Regression(truth, predicted)
    told = by_code(found.metrics())
    assert told["maeWinsorised"].value == pytest.approx(abs(clipped).mean())
    assert told["rmseWinsorised"].value == pytest.approx(math.sqrt((clipped**2).mean()))
    bins = found.error_distribution()
    assert (bins.mean, bins.std) == pytest.approx((clipped.mean(), clipped.std()))
    assert sum(bins.weight) == len(error)
    assert (bins.low[0], bins.high[-1]) == pytest.approx((clipped.min(), clipped.max()))
    assert (bins.smallest, bins.largest) == (error.min(), error.max())
    wide = Regression(
        truth, predicted, options=RegressionOptions(winsorised_from=0, winsorised_to=1)
    )
    assert by_code(wide.metrics())["maeWinsorised"].value == pytest.approx(abs(error).mean())


def test_percentiles_of_errors_have_limits_of_order_statistics():
    truth, predicted, weights = made(weighted=True)
    error = predicted - truth
    table = Regression(truth, predicted).error_percentiles()
    shares = np.array(table.percent) / 100
    assert table.error == pytest.approx(np.quantile(error, shares))
    assert table.absolute == pytest.approx(np.quantile(abs(error), shares))
    oracle = stats.quantile_test(error, p=0.25).confidence_interval(0.95)
    at = table.percent.index(25)
    exact = np.searchsorted(np.sort(error), [oracle.low, oracle.high])
    mine = np.searchsorted(np.sort(error), [table.error_low[at], table.error_high[at]])
    assert abs(exact - mine).max() <= 2
    assert Regression(truth[:5], predicted[:5]).error_percentiles().error_high[-1] is None
    weighted = Regression(truth, predicted, weights).error_percentiles()
    oracle = np.quantile(error, shares, weights=weights, method="inverted_cdf")
    assert weighted.error == pytest.approx(oracle)


def test_quantiles_of_errors_lie_on_the_line_of_normal_errors():
    rng = np.random.default_rng(0)
    error = rng.normal(1, 2, 20_000)
    found = Regression(np.zeros(len(error)), error).quantile_quantile()
    line = found.mean + found.std * np.array(found.normal)
    assert np.array(found.error)[5:-5] == pytest.approx(line[5:-5], abs=0.2)
    few = Regression(np.zeros(7), error[:7]).quantile_quantile()
    assert few.error == tuple(np.sort(error[:7]))
    assert few.normal == pytest.approx(stats.norm.ppf((np.arange(1, 8) - 0.5) / 7))


def test_rows_with_a_truth_of_zero_are_left_out_of_relative_errors():
    told = by_code(Regression([0.0, 2.0, 4.0], [1.0, 1.0, 5.0]).metrics())
    assert told["mape"].value == pytest.approx((0.5 + 0.25) / 2)
    assert told["mape"].note == "1 row whose truth is zero is left out"
    told = by_code(Regression([0.0, 0.0], [1.0, 1.0]).metrics())
    assert told["mape"].reason == "the truth is zero for all rows"
    assert told["r2"].reason == "the truth is the same for all rows"
    assert told["pearson"].reason == "the truth is the same for all rows"
    by_row = Regression([0.0, 2.0], [1.0, 1.0]).errors_by_row()
    assert math.isnan(by_row["relative_error"][0])
    assert by_row["relative_error"][1] == -0.5


def test_logarithms_of_errors_take_numbers_above_minus_one():
    told = by_code(Regression([1.0, -2.0], [1.0, 2.0]).metrics())
    assert told["rmsle"].reason == "1 row has a truth or prediction of -1 or less"


def test_rows_that_cannot_be_used_are_counted():
    found = Regression(
        [1, math.nan, 3, 4, 5, math.inf], [1, 2, math.nan, math.inf, 4, 1], [1, 1, 1, 1, 0, 1]
    )
    intake = found.intake
    assert (intake.used, intake.without_truth, intake.without_prediction) == (1, 2, 2)
    assert intake.without_weight == 1
    assert found.scatter_sample().row == (0,)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, 2.5, -3.0, 1e6]),
            st.sampled_from([0.0, 1.0, 2.0, -1e6]),
            st.integers(1, 3),
        ),
        max_size=12,
    )
)
def test_any_few_rows_have_values_or_reasons(rows):
    truth, predicted, weights = np.array(rows, float).reshape(-1, 3).T
    found = Regression(truth, predicted, weights)
    again = Regression(
        np.repeat(truth, weights.astype(int)), np.repeat(predicted, weights.astype(int))
    )
    for metric, other in zip(found.metrics(), again.metrics(), strict=True):
        assert (metric.value is None) <= bool(metric.reason)
        assert (metric.value is None) == (other.value is None)
        # Quantiles of few rows depend on their number.
        if "Winsorised" not in metric.code and metric.value is not None:
            assert metric.value == pytest.approx(other.value, rel=1e-6, abs=1e-9), metric.code
        if metric.low is not None:
            assert metric.low - 1e-9 <= metric.value <= metric.high + 1e-9
    for screen in (
        found.error_percentiles(),
        found.error_distribution(),
        found.quantile_quantile(),
        found.scatter(),
        found.scatter_sample(),
        found.residuals(by_number(truth), truth),
    ):
        for column in screen.columns().values():
            assert all(not isinstance(x, float) or math.isfinite(x) for x in column)
        assert len({len(column) for column in screen.columns().values()}) <= 1


def test_the_scatter_chart_holds_all_rows_and_the_sample_some():
    truth, predicted, _ = made(5000)
    found = Regression(truth, predicted)
    cells = found.scatter()
    assert sum(cells.weight) == 5000
    assert all(high > low for low, high in zip(cells.truth_low, cells.truth_high, strict=True))
    sample = found.scatter_sample()
    assert len(set(sample.row)) == 1000
    assert sample.truth == tuple(truth[list(sample.row)])
    assert sample == Regression(truth, predicted).scatter_sample()


def test_residuals_are_told_by_groups_of_a_feature():
    truth, predicted, weights = made(weighted=True)
    feature = np.round(truth, 1)
    feature[::50] = math.nan
    grouping = by_number(feature, 5)
    table = Regression(truth, predicted, weights).residuals(grouping, feature)
    assert table.label[-1] == "missing"
    error = predicted - truth
    for at, label in enumerate(table.label):
        some = grouping.codes == at
        assert table.mean[at] == pytest.approx(np.average(error[some], weights=weights[some]))
        assert table.low[at] < table.mean[at] < table.high[at]
        if label != "missing":
            mean = np.average(feature[some], weights=weights[some])
            assert table.center[at] == pytest.approx(mean)
    one = Regression(truth, predicted).residuals(by_number(feature, 5))
    some = error[grouping.codes == 0]
    expected = stats.norm.interval(0.95, some.mean(), stats.sem(some))
    assert (one.low[0], one.high[0]) == pytest.approx(expected)
    assert set(one.center) == {None}


def test_deciles_of_errors_by_row():
    truth, predicted, _ = made()
    by_row = Regression(truth, predicted).errors_by_row()
    counts = np.bincount(by_row["error_decile"])
    assert counts[1:].tolist() == [50] * 10
    order = np.argsort(by_row["abs_error_decile"], kind="stable")
    assert (np.diff(by_row["abs_error_decile"][order]) >= 0).all()
    assert by_row["abs_error_decile"][np.argmax(abs(by_row["error"]))] == 10


def test_columns_of_all_types_are_grouped():
    words = grouped(pa.array(["b", "a", "b", None, "c", "b", "a"]), categories=2)
    assert [group.label for group in words.groups] == ["b", "a", "1 other values", "missing"]
    assert words.codes.tolist() == [0, 1, 0, 3, 2, 0, 1]
    assert [x.label for x in grouped(pa.array([True, None, False, True])).groups] == [
        "true",
        "false",
        "missing",
    ]
    few = grouped(pa.array([3, 1, 2, 3, None, 10]))
    assert [group.label for group in few.groups] == ["1", "2", "3", "10", "missing"]
    many = grouped(pa.chunked_array([range(50), range(50, 100)]), ranges=4)
    assert [group.label for group in many.groups] == [
        "0 to 24",
        "over 24 to 49",
        "over 49 to 74",
        "over 74 to 99",
    ]
    assert np.bincount(many.codes).tolist() == [25, 25, 25, 25]
    days = grouped(pa.array(np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")))
    assert days.groups[0].label == "2024-01-01 to 2024-01-06"
    assert grouped(pa.array([], pa.string())).groups == ()
    assert grouped(pa.array([None, None], pa.float64())).groups[0].kind == "missing"
    coded = grouped(pa.array(["x", "y", "x"]).dictionary_encode())
    assert coded.codes.tolist() == [0, 1, 0]


def test_values_that_are_frequent_are_groups_of_their_own():
    zeros = np.concatenate([np.zeros(800), np.arange(1, 201)])
    found = by_number(zeros, 5)
    assert [group.label for group in found.groups] == [
        "0",
        "1 to 50",
        "over 50 to 100",
        "over 100 to 150",
        "over 150 to 200",
    ]
    assert np.bincount(found.codes).tolist() == [800, 50, 50, 50, 50]


@given(st.lists(st.sampled_from([0.0, 1.0, 1.5, -2.0, math.nan, math.inf]), max_size=40))
def test_each_row_is_in_the_group_of_its_value(values):
    found = by_number(np.array(values, float), 3)
    assert len(found.codes) == len(values)
    for value, code in zip(values, found.codes, strict=True):
        group = found.groups[code]
        if math.isnan(value):
            assert group.kind == "missing"
        else:
            assert group.low is None or group.low <= value
            assert group.high is None or value <= group.high
