"""Performance without truth, against the published formulas and simulations with known truth."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from modelyard.analysis.binary import Binary
from modelyard.analysis.drift.expected import calibration, expected_binary, expected_multiclass
from modelyard.analysis.drift.expected_errors import expected_regression
from modelyard.analysis.drift.sides import TableRows
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.multiclass_types import MulticlassOptions
from modelyard.analysis.one_vs_rest import hand_till
from modelyard.analysis.regression import Regression
from modelyard.analysis.types import Metric


def sigmoid(logit):
    return 1 / (1 + np.exp(-logit))


def binary(rows, seed, *, moved=0.0, other=0.0):
    """Scores that are too sure of themselves; rows that move, or whose truth does."""
    rng = np.random.default_rng(seed)
    column = rng.normal(moved, 1.2, rows)
    truth = rng.random(rows) < sigmoid(1.2 * column - 0.4 + other)
    return truth.astype(int), sigmoid(2 * column)


def by_code(metrics):
    return {each.code: each for each in metrics}


def test_calibration_is_isotonic_regression():
    truth, score = binary(150, 1)
    weights = np.random.default_rng(0).integers(1, 3, 150).astype(float)
    found = calibration(truth, np.column_stack([1 - score, score]), weights, 0)
    oracle = IsotonicRegression(out_of_bounds="clip").fit(score, truth, sample_weight=weights)
    at = np.linspace(0, 1, 50)
    likely = found.likely(np.column_stack([1 - at, at]))
    assert likely[:, 1] == pytest.approx(oracle.predict(at), abs=1e-6)
    assert likely.sum(axis=1) == pytest.approx(1)


def test_expected_metrics_are_those_of_the_published_formulas():
    """NannyML: sums of calibrated probabilities are the cells; AUC weighs a row as both classes."""
    truth, score = binary(500, 1)
    later = binary(300, 2, moved=0.5)[1]
    p = IsotonicRegression(out_of_bounds="clip").fit(score, truth).predict(later)
    told = by_code(expected_binary(Binary(truth, score), later, 0.6).metrics)
    positive = later >= 0.6
    tp, fp, fn = p[positive].sum(), (1 - p)[positive].sum(), p[~positive].sum()
    expected = {
        "accuracy": (tp + (1 - p)[~positive].sum()) / 300,
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "auc": sk.roc_auc_score([1] * 300 + [0] * 300, [*later] * 2, sample_weight=[*p, *(1 - p)]),
        "brierScore": np.mean(p * (1 - later) ** 2 + (1 - p) * later**2),
        "logLoss": -np.mean(p * np.log(later) + (1 - p) * np.log(1 - later)),
    }
    assert {code: told[code].value for code in expected} == pytest.approx(expected, abs=1e-4)


def test_moved_rows_are_foreseen_with_limits_that_hold_what_comes():
    held, gaps = [], []
    for seed in range(5, 9):
        reference, later = binary(1500, seed), binary(1000, 100 + seed, moved=0.8)
        found = expected_binary(Binary(*reference), later[1], 0.5)
        came = by_code(Binary(*later).metrics(0.5))
        held += [each.low <= came[each.code].value <= each.high for each in found.metrics]
        gaps.append(by_code(found.metrics)["accuracy"].value - came["accuracy"].value)
    assert np.mean(held) > 0.8
    assert abs(np.mean(gaps)) < 0.02
    assert found.trusted
    assert found.reason is None
    assert 0 < found.errors["accuracy"] < 0.06


def test_a_changed_relation_is_not_seen_but_told_where_a_truth_is_known():
    reference, later = binary(2000, 1), binary(2000, 2, other=1.5)
    came = Binary(*later).metrics(0.5)
    blind = expected_binary(Binary(*reference), later[1], 0.5)
    assert blind.trusted
    assert "cannot be seen without a truth" in blind.assumes
    seen = expected_binary(Binary(*reference), later[1], 0.5, realised=came)
    assert by_code(seen.realised)["auc"] == by_code(came)["auc"]
    assert by_code(seen.realised).keys() == by_code(seen.metrics).keys()
    assert not seen.trusted
    assert seen.doubts[-1].endswith("truth depends on the columns otherwise than it did")


def test_doubts_are_computed():
    reference = binary(2000, 1)

    def doubts(before, score, **more):
        return " ".join(expected_binary(Binary(*before), score, 0.5, **more).doubts)

    later = binary(1000, 2)[1]
    assert doubts(reference, later) == ""
    told = doubts(reference, later, telling=Metric(code="auc", value=0.93))
    assert "with an AUC of 0.93" in told
    middle = np.abs(reference[1] - 0.5) < 0.3
    told = doubts((reference[0][middle], reference[1][middle]), later)
    assert "of current's predictions lie beyond all of the reference's" in told
    assert "current has 50 rows" in doubts(reference, later[:50])
    assert "the reference has 400 rows" in doubts(tuple(x[:400] for x in reference), later)
    rare = np.arange(2000) < 20
    assert "20 rows of its rarest class" in doubts((rare, reference[1]), later)
    halves = [
        np.concatenate(x) for x in zip(binary(1000, 1), binary(1000, 2, other=2), strict=True)
    ]
    assert "times what chance explains" in doubts(halves, later)


@pytest.mark.parametrize(
    ("truth", "score", "later", "reason"),
    [
        ([], [], [0.5], "the reference: there are no rows"),
        ([1], [0.5], [0.5], "the reference: all rows are of the positive class"),
        ([0, 1], [0.5, 1.5], [0.5], "the reference: 1 of 2 scores lie outside of 0 to 1"),
        ([0, 1], [0.5, 0.6], [np.inf], "current: 1 of 1 scores lie outside of 0 to 1"),
        ([0, 1], [0.5, 0.6], [np.nan], "current: there are no rows"),
    ],
)
def test_what_cannot_be_expected_has_a_reason(truth, score, later, reason):
    found = expected_binary(Binary(truth, score), np.array(later), 0.5)
    assert (found.reason, found.metrics, found.trusted) == (reason, (), False)


def test_two_rows_and_constant_scores_give_figures_or_reasons():
    few = expected_binary(Binary([0, 1], [0.4, 0.6]), np.array([0.5]), 0.5)
    assert by_code(few.metrics)["accuracy"].value is not None
    assert not few.trusted
    truth = np.arange(1000) % 4 == 0
    same = expected_binary(Binary(truth, np.full(1000, 0.9)), np.full(1000, 0.9), 0.5)
    told = by_code(same.metrics)
    assert told["accuracy"].value == pytest.approx(0.25)
    assert told["auc"].value == pytest.approx(0.5)


def classes(rows, seed, moved=0.0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, 3)) * 1.2 + [moved, 0, -0.5]
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (rng.random((rows, 1)) > np.cumsum(likely, axis=1)[:, :2]).sum(axis=1)
    sure = likely**2
    return truth, sure / sure.sum(axis=1, keepdims=True)


def test_classes_are_foreseen_too():
    options = MulticlassOptions(averaging="macro")
    held, f1, auc = [], [], []
    for seed in range(3):
        truth, likely = classes(1500, seed)
        reference = Multiclass(truth, "abc", probabilities=likely, options=options)
        later, of_later = classes(1000, 50 + seed, moved=0.8)
        came = Multiclass(later, "abc", probabilities=of_later, options=options).metrics()
        found = expected_multiclass(reference, of_later, realised=came)
        told = by_code(came)
        expected = by_code(found.metrics)
        assert {"accuracy", "precision", "recall", "f1", "logLoss", "mrocAUC"} <= expected.keys()
        held += [each.low <= told[each.code].value <= each.high for each in found.metrics]
        f1.append(expected["f1"].value - told["f1"].value)
        auc.append(expected["mrocAUC"].value - told["mrocAUC"].value)
    assert np.mean(held) > 0.8
    assert abs(np.mean(f1)) < 0.02
    assert abs(np.mean(auc)) < 0.01
    assert 0 < found.errors["f1"] < 0.1
    assert 0 < found.errors["mrocAUC"] < 0.1
    assert "mrocAUC" in by_code(found.realised)


def against_others(likely, scores, at, others):
    """AUC of a class by its score, where each row is one of it, and one of others, by weight."""
    return sk.roc_auc_score(
        [1] * len(likely) + [0] * len(likely),
        np.tile(scores[:, at], 2),
        sample_weight=np.concatenate([likely[:, at], likely[:, others].sum(axis=1)]),
    )


def test_the_expected_auc_of_classes_is_hand_and_tills_of_the_published_weights():
    """NannyML weighs a row by its calibrated probability of a class, and by the rest as another.

    Its AUC of a class against all others is the mean of that against each, by their weights.
    """
    truth, scores = classes(600, 1)
    later = classes(250, 2, moved=0.5)[1].round(2)
    reference = Multiclass(truth, "abc", probabilities=scores)
    likely = calibration(truth, scores, np.ones(600), 0).likely(later)
    told = by_code(expected_multiclass(reference, later).metrics)["mrocAUC"]
    pairs = {
        (one, other): against_others(likely, later, one, [other])
        for one, other in permutations(range(3), 2)
    }
    assert told.value == pytest.approx(np.mean([*pairs.values()]), abs=1e-9)
    assert told.low < told.value < told.high
    of_class = likely.sum(axis=0)
    for at in range(3):
        rest = [other for other in range(3) if other != at]
        mean = np.average([pairs[at, other] for other in rest], weights=of_class[rest])
        assert mean == pytest.approx(against_others(likely, later, at, rest), abs=1e-9)
    certain = Multiclass(truth, "abc", probabilities=scores).metric("mrocAUC").value
    ranks = np.column_stack([np.unique(x, return_inverse=True)[1] for x in scores.T])
    assert hand_till(ranks, np.eye(3)[truth]).value == pytest.approx(certain, abs=1e-9)
    assert hand_till(ranks, np.eye(3)[np.zeros(600, int)]).reason == "all rows are of one class"


def test_classes_without_probabilities_or_rows_give_a_reason():
    labels = Multiclass([0, 1], "ab", predicted=[0, 1])
    nothing = np.zeros((0, 2))
    assert "labels without" in expected_multiclass(labels, nothing).reason
    one = Multiclass([0, 0], "ab", probabilities=[[0.5, 0.5]] * 2)
    assert expected_multiclass(one, np.array([[0.5, 0.5]])).reason.endswith("of one class")
    both = Multiclass([0, 1], "ab", probabilities=[[0.5, 0.5]] * 2)
    assert expected_multiclass(both, nothing).reason == "current: there are no rows"
    third = Multiclass([0, 1] * 300, "abc", probabilities=[[0.6, 0.4, 0.0]] * 600)
    found = expected_multiclass(third, np.array([[0.0, 0.0, 1.0]] * 3))
    assert by_code(found.metrics)["accuracy"].value is not None
    assert found.doubts


def regression(rows, seed, moved=0.0):
    rng = np.random.default_rng(seed)
    column, word = rng.normal(moved, 1, rows), rng.choice(["calm", "wild"], rows)
    spread = np.where(word == "calm", 1, 2) * np.exp(0.4 * column)
    predicted = 2 * column
    table = pa.table({"column": column, "word": word.astype(object)})
    return predicted + rng.normal(0, spread), predicted, TableRows(table)


@pytest.fixture(scope="module")
def larger():
    """The errors of a regression rise as its rows move; what is to be expected of that."""
    truth, predicted, rows = regression(1500, 1)
    truth[3], later = np.nan, regression(1000, 2, moved=0.6)
    came = Regression(*later[:2]).metrics()
    sides = (rows, later[2])
    return Regression(truth, predicted), sides, later[1], came


def test_larger_errors_of_a_regression_are_foreseen(larger):
    reference, sides, predicted, came = larger
    found = expected_regression(reference, sides, predicted, realised=came)
    told, real = by_code(found.metrics), by_code(came)
    before = by_code(reference.metrics())["mae"].value
    assert before * 1.1 < told["mae"].low < real["mae"].value < told["mae"].high
    assert told["rmse"].value ** 2 == pytest.approx(told["mse"].value)
    assert told["rmse"].low <= real["rmse"].value <= told["rmse"].high
    assert by_code(found.realised).keys() == {"mae", "mse", "rmse"}
    assert 0 < found.errors["mae"] < 0.3


def test_regressions_that_cannot_be_learned_from_give_a_reason(larger):
    reference, sides, predicted, _ = larger
    few = expected_regression(Regression([1.0], [2.0]), sides, predicted)
    assert few.reason.startswith("the reference has 1 row with a truth")
    gone = expected_regression(reference, sides, np.full(1000, np.nan))
    assert gone.reason == "current: there are no rows"
    right = Regression(reference.predicted, reference.predicted)
    exact = expected_regression(right, (sides[1], sides[1]), predicted, columns=["nothing"])
    assert by_code(exact.metrics)["mae"].value == 0
