"""Slices, the search for the worst of them, and fairness."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from fairlearn import metrics as fair
from scipy import stats
from sklearn import metrics as sk
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep
from tests.rooms.analysis.conftest import by_code, made

from modelyard import errors
from modelyard.analysis.binary import Binary
from modelyard.analysis.fairness import fairness
from modelyard.analysis.grouping import by_number, grouped
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.regression import Regression
from modelyard.analysis.slices import binary_slices, multiclass_slices, regression_slices
from modelyard.analysis.worst import Search, worst_slices


@pytest.fixture(scope="module")
def regions():
    """A column with a missing value, and a region of only a few rows."""
    rng = np.random.default_rng(2)
    words = rng.choice(["north", "south", "east"], 700, p=[0.5, 0.3, 0.2]).astype(object)
    words[:5] = "islands"
    words[::90] = None
    return words


@pytest.mark.parametrize("kind", ["smooth", "weights", "ties"])
def test_slices_have_the_metrics_of_their_rows(kind, regions):
    rows = made(kind)
    truth = rows.truth.copy()
    truth[7] = -1
    found = binary_slices(
        "region",
        grouped(pa.array(regions)),
        Binary(truth, rows.score, rows.weights),
        0.4,
    )
    assert [each.group.label for each in found.slices] == [
        "north",
        "south",
        "east",
        "islands",
        "missing",
    ]
    assert found.total.rows == 699
    assert sum(each.rows for each in found.slices) == 699
    assert sum(each.share for each in found.slices) == pytest.approx(1)
    for each in found.slices:
        label = None if each.group.kind == "missing" else each.group.label
        some = (regions == label) & (truth >= 0)
        weights = None if rows.weights is None else rows.weights[some]
        assert each.rows == some.sum()
        assert each.actual == pytest.approx(np.average(truth[some], weights=weights))
        assert each.predicted == pytest.approx(np.average(rows.score[some] >= 0.4, weights=weights))
        assert each.excluded == (some.sum() < 10)
        if each.excluded:
            assert each.metrics == ()
            continue
        alone = by_code(Binary(truth[some], rows.score[some], weights).metrics(0.4))
        for metric in each.metrics:
            assert metric.value == pytest.approx(alone[metric.code].value), metric.code
            if metric.method in {"wilson", "delong", "delta", "normal"}:
                assert metric.low == pytest.approx(alone[metric.code].low)
            assert metric.low <= metric.value <= metric.high


def test_slices_of_several_classes_and_of_numbers(regions):
    rng = np.random.default_rng(0)
    grouping = grouped(pa.array(regions))
    probabilities = rng.dirichlet([1, 1, 1], 700)
    truth = rng.integers(0, 3, 700)
    whole = Multiclass(truth, ["a", "b", "c"], probabilities=probabilities)
    found = multiclass_slices("region", grouping, whole)
    some = regions == "south"
    told = by_code(found.slices[1].metrics)
    expected = sk.roc_auc_score(truth[some], probabilities[some], multi_class="ovo")
    assert told["mrocAUC"].value == pytest.approx(expected)
    assert told["accuracy"].low < told["accuracy"].value < told["accuracy"].high

    numbers = rng.normal(size=700)
    predicted = numbers + rng.normal(size=700)
    found = regression_slices("region", grouping, Regression(numbers, predicted))
    each = found.slices[1]
    assert by_code(each.metrics)["r2"].value == pytest.approx(
        sk.r2_score(numbers[some], predicted[some])
    )
    assert each.actual == pytest.approx(numbers[some].mean())
    assert each.predicted_std == pytest.approx(predicted[some].std())
    assert found.slices[3].excluded


def planted(rows=4000):
    """Rows with large losses where a is x and b is small, and a little larger ones where a is y."""
    rng = np.random.default_rng(4)
    a = rng.choice(["x", "y", "z"], rows)
    b = rng.random(rows)
    c = rng.choice(["u", "v"], rows)
    losses = rng.exponential(1, rows)
    losses[(a == "x") & (b < 0.25)] += 2
    losses[a == "y"] += 0.3
    columns = {
        "a": grouped(pa.array(a)),
        "b": by_number(b, 4),
        "c": grouped(pa.array(c)),
    }
    return losses, columns, (a, b, c)


def test_the_search_finds_what_is_bad_and_nothing_else():
    losses, columns, (a, _, _) = planted()
    found = worst_slices("log loss", losses, columns)
    first = found.slices[0]
    names = [[(x.column, x.group.label) for x in each.conditions] for each in found.slices]
    assert [x.column for x in first.conditions] == ["a", "b"]
    assert first.conditions[0].group.label == "x"
    assert first.conditions[1].group == columns["b"].groups[0]
    assert not any(column == "c" for each in names for column, _ in each)
    low = columns["b"].codes == 0
    some = (a == "x") & low
    assert first.rows == some.sum()
    assert first.loss == pytest.approx(losses[some].mean())
    assert first.rest == pytest.approx(losses[~some].mean())
    assert first.effect == pytest.approx((first.loss - first.rest) / losses.std())
    lost = (first.loss - first.rest) * some.sum() / losses.sum()
    assert first.share_of_loss == pytest.approx(lost)
    test = stats.ttest_ind(losses[some], losses[~some], equal_var=False, alternative="greater")
    limits = test.confidence_interval  # of one side; ours are of two, by the normal distribution
    assert first.low < first.loss - first.rest < first.high
    assert first.low == pytest.approx(limits(0.975).low, rel=0.02)


def test_the_same_rows_are_told_once():
    losses, columns, (a, b, _) = planted()
    nearly = np.where(np.arange(len(a)) % 50 == 0, "y", a)
    twice = {
        **columns,
        "code": grouped(pa.array(np.searchsorted(["x", "y", "z"], a))),
        "nearly": grouped(pa.array(nearly)),
        "half": grouped(pa.array(np.where((a == "x") & (b < 0.5), "in", "out"))),
    }
    found = worst_slices("log loss", losses, twice, search=Search(most=1000))
    first = found.slices[0]
    named = {tuple(sorted(x.column for x in each)) for each in (first.conditions, *first.also)}
    assert {("a", "b"), ("b", "code"), ("b", "nearly")} <= named
    masks = []
    for each in found.slices:
        parts = [
            twice[x.column].codes == twice[x.column].groups.index(x.group) for x in each.conditions
        ]
        masks.append(np.logical_and.reduce(parts))
    for one, other in itertools.combinations(masks, 2):
        assert (one & other).sum() < 0.95 * (one | other).sum()
    few = worst_slices("log loss", losses, twice, search=Search(most=1))
    assert [each.conditions for each in few.slices] == [first.conditions]


def test_tests_of_slices_are_welchs_corrected_for_their_number():
    losses, columns, _ = planted(1500)
    search = Search(effect=-math.inf, confidence=1e-9, most=1000, least=30)
    everything = worst_slices("loss", losses, columns, search=search)
    by_conditions = {each.conditions: each for each in everything.slices}
    expected = []
    for names in [("a",), ("b",), ("c",), *itertools.combinations("abc", 2)]:
        sizes = [range(len(columns[name].groups)) for name in names]
        for places in itertools.product(*sizes):
            some = np.all(
                [columns[name].codes == at for name, at in zip(names, places, strict=True)], axis=0
            )
            if some.sum() >= 30:
                rests = [~some]
                if len(names) == 2:
                    rests += [
                        (columns[name].codes == at) & ~some
                        for name, at in zip(names, places, strict=True)
                    ]
                p = max(welch(losses[some], losses[rest]) for rest in rests)
                expected.append((names, places, some.sum(), p))
    assert everything.looked_at == len(expected)
    corrected = multipletests([row[-1] for row in expected], method="fdr_by")[1]
    seen = 0
    for (names, places, rows, p), q in zip(expected, corrected, strict=True):
        for conditions, each in by_conditions.items():
            groups = tuple(columns[name].groups[at] for name, at in zip(names, places, strict=True))
            if tuple(x.group for x in conditions) == groups and each.rows == rows:
                assert each.p == pytest.approx(p, rel=0.2, abs=2e-3)
                assert each.q == pytest.approx(q, rel=0.2, abs=0.02)
                seen += 1
    assert seen == len(by_conditions) > 6


def welch(worse, others):
    if len(others) < 30:
        return 1.0
    return stats.ttest_ind(worse, others, equal_var=False, alternative="greater").pvalue


def test_weights_of_losses_are_rows_that_come_several_times():
    losses, columns, _ = planted(600)
    weights = np.tile([1.0, 2.0, 3.0], 200)
    times = weights.astype(int)
    search = Search(effect=-math.inf, confidence=1e-9, most=1000, least=20, pairs=False)
    weighted = worst_slices("loss", losses, columns, weights, search)
    repeated = worst_slices(
        "loss",
        np.repeat(losses, times),
        {
            name: type(grouping)(np.repeat(grouping.codes, times), grouping.groups)
            for name, grouping in columns.items()
        },
        search=search,
    )
    other = {each.conditions: each for each in repeated.slices}
    for each in weighted.slices:
        assert each.loss == pytest.approx(other[each.conditions].loss)
        assert each.effect == pytest.approx(other[each.conditions].effect)
        # A row of weight 3 is one row: less is known than of three.
        assert each.high - each.low > other[each.conditions].high - other[each.conditions].low


def test_noise_has_no_worst_slice():
    rng = np.random.default_rng(1)
    columns = {f"c{at}": by_number(rng.random(2000)) for at in range(6)}
    found = worst_slices("loss", rng.exponential(1, 2000), columns)
    assert found.looked_at == 60
    assert found.slices == ()
    pairs = worst_slices(
        "loss",
        rng.exponential(1, 20_000),
        {name: by_number(rng.random(20_000)) for name in columns},
    )
    assert pairs.looked_at == 60 + 15 * 100
    assert pairs.slices == ()


def test_too_few_rows_and_equal_losses_have_no_worst_slice():
    few = worst_slices("loss", np.ones(10), {})
    assert few.reason == "there are 10 rows; a search takes 100"
    columns = {"a": by_number(np.arange(200.0))}
    assert worst_slices("loss", np.ones(200), columns).slices == ()
    assert worst_slices("loss", np.ones(200), {"a": by_number(np.ones(200))}).looked_at == 0


@pytest.mark.parametrize("kind", ["smooth", "weights"])
@pytest.mark.parametrize("positive", [True, False])
def test_rates_of_groups_are_those_of_fairlearn(kind, positive, regions):
    rows = made(kind)
    words = np.where(regions == None, "none", regions)  # noqa: E711  elementwise
    grouping = grouped(pa.array(words))
    found = fairness(
        "region",
        grouping,
        Binary(rows.truth, rows.score, rows.weights),
        0.4,
        "south",
        positive_outcome=positive,
    )
    predicted = rows.score >= 0.4
    truth = rows.truth if positive else 1 - rows.truth
    predicted = predicted if positive else ~predicted
    names = {
        "positive_rate": fair.selection_rate,
        "true_positive_rate": fair.true_positive_rate,
        "false_positive_rate": fair.false_positive_rate,
        "predictive_value": sk.precision_score,
    }
    weights = np.ones(len(truth)) if rows.weights is None else rows.weights
    oracle = fair.MetricFrame(
        metrics=names,
        y_true=truth,
        y_pred=predicted.astype(int),
        sensitive_features=words,
        sample_params={name: {"sample_weight": weights} for name in names},
    ).by_group
    for name in names:
        told = dict(zip(found.rates.label, getattr(found.rates, name), strict=True))
        for label, value in told.items():
            assert value == pytest.approx(oracle.loc[label, name]), (name, label)
    rates = {
        "demographicParity": ["positive_rate"],
        "equalisedOdds": ["true_positive_rate", "false_positive_rate"],
        "equalOpportunity": ["true_positive_rate"],
        "predictiveRateParity": ["predictive_value"],
    }
    for each in found.disparities:
        gaps = oracle[rates[each.criterion]] - oracle.loc["south", rates[each.criterion]]
        assert abs(each.difference.value) == pytest.approx(gaps.abs().max().max())
        assert each.ratio == pytest.approx(
            oracle.loc[each.group, each.rate] / oracle.loc["south", each.rate]
        )
        assert each.difference.low <= each.difference.value <= each.difference.high


def test_the_limits_of_differences_are_newcombes(regions):
    rows = made("smooth")
    words = np.where(regions == None, "none", regions)  # noqa: E711  elementwise
    whole = Binary(rows.truth, rows.score)
    found = fairness("region", grouped(pa.array(words)), whole, 0.4, "south")
    each = next(
        x for x in found.differences if (x.criterion, x.group) == ("demographicParity", "north")
    )
    counts = [
        (int((rows.score[words == name] >= 0.4).sum()), int((words == name).sum()))
        for name in ("north", "south")
    ]
    expected = confint_proportions_2indep(*counts[0], *counts[1], method="newcomb")
    assert (each.difference.low, each.difference.high) == pytest.approx(expected)
    assert each.difference.method == "newcombe"


def test_small_groups_have_no_largest_difference():
    words = pa.array(["a"] * 40 + ["b"] * 40 + ["c"] * 3)
    truth = np.tile([1, 0], 42)[:83]
    score = np.concatenate([np.full(40, 0.9), np.tile([0.9, 0.1], 20), np.full(3, 0.1)])
    grouping, whole = grouped(words), Binary(truth, score)
    parity = fairness("g", grouping, whole, 0.5, "a", least=10).disparities[0]
    assert (parity.group, parity.difference.value) == ("b", -0.5)
    every = fairness("g", grouping, whole, 0.5, "a")
    assert (every.disparities[0].group, every.disparities[0].difference.value) == ("c", -1.0)
    alone = fairness("g", grouping, whole, 0.5, "a", least=41)
    assert alone.disparities[0].difference.reason == "all other groups have too few rows"
    assert {each.group for each in alone.differences} == {"b", "c"}


def test_groups_that_cannot_be_compared_have_reasons():
    whole = Binary([1, 0, 1, 1], [0.9, 0.8, 0.1, 0.2])
    grouping = grouped(pa.array(["a", "a", "b", "b"]))
    found = fairness("g", grouping, whole, 0.5, "a")
    told = {each.criterion: each.difference for each in found.disparities}
    assert told["demographicParity"].value == -1
    assert told["equalisedOdds"].reason == "b has no rows without the outcome"
    expected = "b has no rows that are predicted to have the outcome"
    assert told["predictiveRateParity"].reason == expected
    alone = fairness("g", grouped(pa.array(["a"] * 4)), whole, 0.5, "a")
    assert alone.disparities[0].difference.reason == "there is no other group"
    with pytest.raises(errors.Invalid, match="'c'; its groups are: a, b"):
        fairness("g", grouping, whole, 0.5, "c")
