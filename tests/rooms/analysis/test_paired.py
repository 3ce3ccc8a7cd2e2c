"""Two models on the same rows: differences, tests, intervals, verdicts.

`asah.csv` holds two predictors and the outcome of the 113 patients of Turck et al. (2010), A
multiparameter panel method for outcome prediction following aneurysmal subarachnoid hemorrhage,
Intensive Care Medicine 36, as the data set aSAH of R's pROC has them (figures of a publication).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score
from statsmodels.stats import contingency_tables, multitest, power

from modelyard.analysis.binary import Binary
from modelyard.analysis.intake import binary_rows
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.multiclass_types import MulticlassOptions
from modelyard.analysis.paired import blocks, estimates, regression
from modelyard.analysis.paired.binary import CODES, BinarySide, paired_binary
from modelyard.analysis.paired.blocks import Blocks, bootstrapped
from modelyard.analysis.paired.means import mean_estimate
from modelyard.analysis.paired.multiclass import MulticlassSide, paired_multiclass
from modelyard.analysis.paired.regression import RegressionSide, paired_regression
from modelyard.analysis.paired.shares import Agreement, mcnemar, share_difference
from modelyard.analysis.regression import Regression
from modelyard.analysis.types import BinaryOptions


def binary(truth, base, challenger, *, thresholds=(0.5, 0.5), weights=None, confidence=0.95):
    """What two binary models differ by, by code."""
    drawn, options = Blocks(len(truth)), BinaryOptions(confidence=confidence)
    sides = [
        BinarySide(binary_rows(truth, score, weights), cut, options, drawn)
        for score, cut in zip((base, challenger), thresholds, strict=True)
    ]
    return paired_binary(*sides, confidence)


def by_code(found):
    return {each.code: each for each in found.differences}


def made(rows, seed, noise=(1.0, 1.0)):
    """A truth, and two models that see it through noise of their own."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=rows)
    truth = (signal + rng.normal(size=rows) > 0).astype(int)
    return truth, *(1 / (1 + np.exp(-signal - size * rng.normal(size=rows))) for size in noise)


@pytest.fixture(scope="module")
def asah():
    with Path(__file__).with_name("asah.csv").open() as file:
        rows = list(csv.DictReader(file))
    poor = np.array([row["outcome"] == "Poor" for row in rows]).astype(int)
    return poor, *(np.array([float(row[name]) for row in rows]) for name in ("s100b", "wfns"))


def test_delong_as_proc_has_it(asah):
    poor, s100b, wfns = asah
    assert Binary(poor, s100b).metric("auc", 0.5).value == pytest.approx(0.7313686, abs=5e-8)
    gap = by_code(binary(poor, s100b, wfns))["auc"]
    assert gap.p == pytest.approx(0.02718, abs=5e-6)
    assert stats.norm.isf(gap.p / 2) == pytest.approx(2.209, abs=5e-4)
    assert gap.difference == pytest.approx(0.8236789 - 0.7313686, abs=1e-7)
    assert gap.low < gap.difference < gap.high
    assert gap.low > 0


def test_delong_by_its_definition():
    truth, base, challenger = made(300, 3)
    base, challenger = base.round(1), challenger.round(1)  # with ties
    placed = []
    for score in (base, challenger):
        yes, no = score[truth == 1], score[truth == 0]
        won = (yes[:, None] > no) + 0.5 * (yes[:, None] == no)
        placed.append((won.mean(axis=1), won.mean(axis=0)))
    areas = [of[0].mean() for of in placed]
    variance = sum(
        (cov := np.cov(placed[0][at], placed[1][at]))[0, 0] / (n := len(placed[0][at]))
        + (cov[1, 1] - 2 * cov[0, 1]) / n
        for at in (0, 1)
    )
    found = by_code(binary(truth, base, challenger))["auc"]
    assert found.difference == pytest.approx(areas[1] - areas[0])
    z = (areas[1] - areas[0]) / np.sqrt(variance)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(z)))


@pytest.mark.parametrize(("one", "other"), [(0, 0), (1, 7), (3, 3), (12, 12), (5, 30), (400, 470)])
def test_mcnemar_as_statsmodels_has_it(one, other):
    exact = one + other < 25
    table = [[100, one], [other, 50]]
    theirs = contingency_tables.mcnemar(table, exact=exact, correction=True)
    assert mcnemar(one, other) == pytest.approx(min(theirs.pvalue, 1.0))


def test_newcombes_interval_as_published():
    # Newcombe (1998), Statistics in Medicine 17, table II, and the airway hyper-responsiveness of
    # Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33, table VIII.
    first = share_difference(Agreement(36, 12, 2, 0), 0.95)
    assert (-first.high, -first.low) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    second = share_difference(Agreement(1, 1, 7, 12), 0.95)
    assert (second.low, second.high) == pytest.approx((0.026, 0.507), abs=5e-4)
    wrong = share_difference(Agreement(1, 1, 7, 12), 0.95, -1)
    assert (wrong.low, wrong.high) == (-second.high, -second.low)


def test_means_as_a_paired_t_test():
    rng = np.random.default_rng(1)
    for rows in (12, 5000):
        base = rng.exponential(size=rows)
        other = base + rng.normal(0.1, 0.4, rows)
        found = mean_estimate(base, other, None, 0.95)
        theirs = stats.ttest_rel(other, base)
        limits = theirs.confidence_interval(0.95)
        assert found.p == pytest.approx(theirs.pvalue, rel=0.02)
        assert (found.low, found.high) == pytest.approx(tuple(limits), rel=2e-3)
    whole = mean_estimate(base, other, np.full(rows, 3.0), 0.95)
    assert (whole.value, whole.p) == pytest.approx((found.value, found.p))


def test_holm_as_statsmodels_has_it():
    values = [0.01, 0.2, 0.04, 0.03, 0.9, 0.01]
    assert estimates.holm(values) == pytest.approx(
        multitest.multipletests(values, method="holm")[1].tolist()
    )
    assert estimates.holm([]) == []


def test_rows_needed_as_statsmodels_has_them():
    needed = power.normal_sample_size_one_tail(0.02, 0.8, 0.025, std_null=0.9)
    error = 0.9 / np.sqrt(700)
    assert estimates.rows_needed(-0.02, error, 700, 0.95) == int(np.ceil(needed))
    assert estimates.rows_needed(0.0, error, 700, 0.95) is None
    assert estimates.rows_needed(1e-9, error, 700, 0.95) is None


@pytest.mark.parametrize("rows", [400, 30_000])
def test_the_bootstrap_spreads_as_one_of_rows(rows):
    truth, base, challenger = made(rows, 5)
    found = by_code(binary(truth, base, challenger))
    assert found["f1"].method == "bootstrap"
    rng = np.random.default_rng(2)
    gaps, lifts = [], []
    for _ in range(300):
        some = rng.integers(0, rows, rows)
        there, scores = truth[some], (base[some], challenger[some])
        one, two = (
            2 * (there @ (score >= 0.5)) / (there.sum() + (score >= 0.5).sum()) for score in scores
        )
        gaps.append(two - one)
        top = [there[np.argsort(-score)[: int(0.4 * rows)]].mean() for score in scores]
        lifts.append((top[1] - top[0]) / there.mean())
    for code, theirs in (("f1", gaps), ("lift", lifts)):
        width = found[code].high - found[code].low
        assert width == pytest.approx(2 * 1.96 * np.std(theirs), rel=0.15)
    first = f1_score(truth, challenger >= 0.5) - f1_score(truth, base >= 0.5)
    assert found["f1"].difference == pytest.approx(first)


def test_a_bootstrap_agrees_with_its_interval_and_is_the_same_again():
    rng = np.random.default_rng(3)
    for shift in np.linspace(-0.2, 0.2, 41):
        drawn = Blocks(120)
        values = rng.normal(shift, 1, 120)
        sums = drawn.totals(values, np.ones(120))
        means = sums[:, 0] / sums[:, 1]
        found = bootstrapped(np.zeros(len(means)), means, 0.95)
        assert (found.p < 0.05) == (not found.low <= 0 <= found.high)
    again = Blocks(120).totals(values, np.ones(120))
    assert np.array_equal(again, sums)
    assert isinstance(bootstrapped(np.full(9, np.nan), np.zeros(9), 0.95), str)


@pytest.mark.parametrize("weighted", [False, True])
def test_differences_of_two_binary_models_are_those_of_their_metrics(weighted):
    truth, base, challenger = made(2500, 7, (0.5, 1.5))
    weights = np.random.default_rng(0).integers(1, 4, 2500).astype(float) if weighted else None
    found = by_code(binary(truth, base, challenger, thresholds=(0.4, 0.6), weights=weights))
    before, after = (
        {each.code: each for each in Binary(truth, score, weights).metrics(cut)}
        for score, cut in ((base, 0.4), (challenger, 0.6))
    )
    assert found.keys() == before.keys() == set(CODES)
    for code, each in found.items():
        gap = after[code].value - before[code].value
        assert each.difference == pytest.approx(gap, abs=1e-9), code
        assert each.low < each.difference < each.high
        assert 0 <= each.p <= 1
        assert each.rows_needed > 0
    assert found["auc"].verdict == "worse"
    assert found["logLoss"].verdict == "worse"
    assert found["logLoss"].difference > 0
    assert (found["accuracy"].method == "mcnemar") is not weighted


def test_differences_of_models_of_several_classes_are_those_of_their_metrics():
    rng = np.random.default_rng(4)
    truth = rng.choice(4, 1500, p=(0.5, 0.3, 0.15, 0.05))
    rows = []
    for size in (1.0, 0.3):
        scores = np.exp(size * rng.normal(size=(1500, 4)) + 1.2 * np.eye(4)[truth])
        rows.append(
            Multiclass(
                truth,
                "abcd",
                probabilities=scores / scores.sum(axis=1, keepdims=True),
                options=MulticlassOptions(averaging="macro"),
            )
        )
    drawn = Blocks(1500)
    told = paired_multiclass(*(MulticlassSide(each, drawn) for each in rows), 0.95)
    before, after = ({each.code: each for each in side.metrics()} for side in rows)
    assert {each.code for each in told.differences} == before.keys()
    for each in told.differences:
        gap = after[each.code].value - before[each.code].value
        assert each.difference == pytest.approx(gap, abs=1e-9), each.code
        assert each.verdict in ("better", "worse")
    assert by_code(told)["mrocAUC"].verdict == "better"


def test_hand_and_till_of_two_classes_is_delong():
    truth, base, challenger = made(700, 9)
    rows = [
        Multiclass(truth, "ab", probabilities=np.column_stack([1 - score, score]))
        for score in (base, challenger)
    ]
    drawn = Blocks(700)
    several = by_code(paired_multiclass(*(MulticlassSide(each, drawn) for each in rows), 0.95))
    two = by_code(binary(truth, base, challenger))["auc"]
    found = several["mrocAUC"]
    assert (found.difference, found.low, found.high) == pytest.approx(
        (two.difference, two.low, two.high)
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_differences_of_regressions_are_those_of_their_metrics(weighted):
    rng = np.random.default_rng(6)
    truth = rng.gamma(3, 2, 1200)
    weights = rng.integers(1, 4, 1200).astype(float) if weighted else None
    guesses = [np.abs(truth + rng.normal(0, size, 1200)) for size in (1.0, 1.3)]
    rows = [Regression(truth, guess, weights) for guess in guesses]
    drawn = Blocks(1200)
    found = by_code(paired_regression(*(RegressionSide(each, drawn) for each in rows), 0.95))
    before, after = ({each.code: each for each in side.metrics()} for side in rows)
    assert found.keys() == before.keys()
    for code, each in found.items():
        gap = after[code].value - before[code].value
        assert each.difference == pytest.approx(gap, abs=1e-9), code
    for code in ("rmse", "mae", "r2", "pearson", "rmsle", "maeWinsorised"):
        assert found[code].verdict == "worse", code
    # The delta method of a root: the spread of the mean square over twice the root.
    error = [guess - truth for guess in guesses]
    weight = np.ones(1200) if weights is None else weights
    slopes = [
        weight / weight.sum() * (each**2 - np.average(each**2, weights=weights)) / (2 * side)
        for each, side in zip(error, (before["rmse"].value, after["rmse"].value), strict=True)
    ]
    spread = np.sqrt(((slopes[1] - slopes[0]) ** 2).sum())
    assert found["rmse"].high - found["rmse"].low == pytest.approx(2 * 1.96 * spread, rel=0.12)


def wins_by_chance(pairs):
    """In how many of the pairs a metric of the sentences tells the two apart."""
    told = ([by_code(found)[code].verdict for code in found.told] for found in pairs)
    return sum(set(verdicts) != {"indistinguishable"} for verdicts in told)


def test_equal_models_hardly_ever_win():
    """Of models that are equally good, at most 5 % win on any metric of the sentences."""
    drawn, others = Blocks(150), dict.fromkeys(set(CODES) - {"auc", "f1", "recall"}, "not here")

    def pair(seed):
        truth, *scores = made(150, seed)
        sides = [BinarySide(binary_rows(truth, x), 0.5, BinaryOptions(), drawn) for x in scores]
        return paired_binary(*sides, 0.95, others)

    assert wins_by_chance(map(pair, range(100, 400))) <= 15


def test_equal_regressions_hardly_ever_win():
    drawn, others = Blocks(120), dict.fromkeys(set(regression.CODES) - {"rmse", "mae"}, "not here")

    def pair(seed):
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=120)
        answers = [Regression(truth, truth + rng.standard_t(5, 120)) for _ in range(2)]
        return paired_regression(*(RegressionSide(each, drawn) for each in answers), 0.95, others)

    assert wins_by_chance(map(pair, range(1000, 1100))) <= 5


def test_the_same_model_twice_is_never_told_apart():
    truth, base, _ = made(500, 1)
    found = binary(truth, base, base)
    assert {each.verdict for each in found.differences} == {"indistinguishable"}
    assert {each.difference for each in found.differences} == {0.0}
    assert {each.rows_needed for each in found.differences} == {None}
    assert found.decisions.differ == 0


def test_what_cannot_be_told_says_why():
    ones = by_code(binary(np.ones(40, int), np.linspace(0, 1, 40), np.full(40, 0.6)))
    assert ones["auc"].reason == "all rows are of the positive class"
    assert ones["specificity"].reason == "there are no rows of the negative class"
    assert ones["auc"].verdict == "unknown"
    assert ones["recall"].verdict == "better"
    none = binary(np.zeros(0, int), np.zeros(0), np.zeros(0))
    assert {each.verdict for each in none.differences} == {"unknown"}
    scores = by_code(binary([0, 1, 1, 0], [0.1, 7, 0.4, 0.2], [0.1, 0.9, 0.4, 0.2]))
    assert scores["logLoss"].reason == "1 of 4 scores lie outside of 0 to 1"
    assert scores["auc"].difference == 0


chances = st.floats(0, 1)


@given(st.lists(st.tuples(st.booleans(), chances, chances), min_size=1, max_size=30))
def test_any_rows_are_answered(rows):
    truth, base, challenger = (np.array(each) for each in zip(*rows, strict=True))
    found = binary(truth.astype(int), base, challenger)
    for each in found.differences:
        assert (each.verdict == "unknown") == (each.p is None)
        if each.verdict in ("better", "worse"):
            assert not each.low <= 0 <= each.high
            assert each.p < 0.05
        if each.difference is None:
            assert each.reason


def test_so_many_resamples_as_are_said():
    assert len(Blocks(7).times) == blocks.RESAMPLES
    assert Blocks(7).times.sum(axis=1).tolist() == [7] * blocks.RESAMPLES
