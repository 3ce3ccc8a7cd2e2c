"""Metrics of several classes, against scikit-learn and statsmodels."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from statsmodels.stats.inter_rater import cohens_kappa
from tests.rooms.analysis.conftest import by_code, jackknifed

from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.multiclass_types import MulticlassOptions

LABELS = ("a", "b", "c", "d")


def made(rows=600, classes=4, *, weighted=False, digits=2, seed=3):
    """Truth, probabilities that sum to one, and weights."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.linspace(0.5, 1.5, classes), rows)
    sums = probabilities.cumsum(axis=1)
    truth = (rng.random(rows)[:, None] > sums).sum(axis=1).clip(0, classes - 1)
    probabilities = probabilities.round(digits)
    probabilities[:, -1] = 1 - probabilities[:, :-1].sum(axis=1)
    return truth, probabilities.clip(0, 1), rng.gamma(1, 2, rows) if weighted else None


def of(truth, probabilities, weights=None, **options):
    names = LABELS[: probabilities.shape[1]]
    return Multiclass(
        truth,
        names,
        probabilities=probabilities,
        weights=weights,
        options=MulticlassOptions(**options),
    )


def test_what_is_perfect_in_many_classes_is_no_more_than_one():
    truth = np.arange(4000) % 500
    found = Multiclass(
        truth,
        tuple(map(str, range(500))),
        probabilities=np.eye(500)[truth],
    )
    told = by_code(found.metrics())
    for code in ("precision", "recall", "f1", "averagePrecision"):
        assert 1 - 1e-12 < told[code].value <= told[code].high <= 1


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("averaging", ["macro", "weighted"])
def test_metrics_are_those_of_scikit_learn(weighted, averaging):
    truth, probabilities, weights = made(weighted=weighted)
    found = of(truth, probabilities, weights, averaging=averaging)
    told = by_code(found.metrics())
    predicted = probabilities.argmax(axis=1)
    weigh = {"sample_weight": weights}
    precision, recall, f1, _ = sk.precision_recall_fscore_support(
        truth, predicted, average=averaging, **weigh
    )
    onehot = np.eye(4)[truth]
    expected = {
        "accuracy": sk.accuracy_score(truth, predicted, **weigh),
        "hammingLoss": sk.hamming_loss(truth, predicted, **weigh),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "mcc": sk.matthews_corrcoef(truth, predicted, **weigh),
        "kappa": sk.cohen_kappa_score(truth, predicted, **weigh),
        "logLoss": sk.log_loss(truth, probabilities, **weigh),
        "averagePrecision": sk.average_precision_score(
            onehot, probabilities, average=averaging, **weigh
        )
        if averaging == "macro" or not weighted
        else np.average(
            sk.average_precision_score(onehot, probabilities, average=None, **weigh),
            weights=np.bincount(truth, weights),
        ),
    }
    assert {code: told[code].value for code in expected} == pytest.approx(expected, abs=1e-12)
    matrix = sk.confusion_matrix(truth, predicted, **weigh)
    assert np.array(found.confusion().weights) == pytest.approx(matrix)
    for metric in told.values():
        assert metric.low <= metric.value <= metric.high, metric


def test_hand_and_tills_auc_is_that_of_scikit_learn_and_of_its_definition():
    truth, probabilities, weights = made(weighted=True)
    told = by_code(of(truth, probabilities).metrics())["mrocAUC"]
    expected = sk.roc_auc_score(truth, probabilities, multi_class="ovo", average="macro")
    assert told.value == pytest.approx(expected, abs=1e-12)
    areas = []
    for i, j in itertools.permutations(range(4), 2):
        some = (truth == i) | (truth == j)
        areas.append(
            sk.roc_auc_score(truth[some] == i, probabilities[some, i], sample_weight=weights[some])
        )
    weighted = by_code(of(truth, probabilities, weights).metrics())["mrocAUC"]
    assert weighted.value == pytest.approx(np.mean(areas), abs=1e-12)


@pytest.mark.parametrize(("weighted", "averaging"), [(False, "macro"), (True, "weighted")])
def test_intervals_are_those_of_an_infinitesimal_jackknife(weighted, averaging):
    truth, probabilities, weights = made(80, 3, weighted=weighted)
    weights = np.ones(80) if weights is None else weights
    whole = by_code(of(truth, probabilities, weights, averaging=averaging).metrics())
    errors = jackknifed(
        lambda nudged: of(truth, probabilities, nudged, averaging=averaging).metrics(), weights
    )
    for code in ("precision", "recall", "f1", "mcc", "kappa", "mrocAUC", "averagePrecision"):
        width = whole[code].high - whole[code].low
        near = 0.1 if code == "mrocAUC" else 0.01  # its variance is that of n - 1 rows of a class
        assert width / (2 * 1.959964) == pytest.approx(errors[code], rel=near), code


def test_the_interval_of_kappa_is_that_of_statsmodels():
    truth, probabilities, _ = made()
    told = by_code(of(truth, probabilities).metrics())["kappa"]
    oracle = cohens_kappa(sk.confusion_matrix(truth, probabilities.argmax(axis=1)))
    assert told.value == pytest.approx(oracle.kappa)
    assert (told.high - told.low) / (2 * 1.959964) == pytest.approx(oracle.std_kappa, rel=1e-6)


def test_two_classes_have_the_metrics_of_a_binary_model():
    truth, probabilities, _ = made(classes=2)
    found = of(truth, probabilities, averaging="macro")
    binary = by_code(found.one_vs_rest(1).metrics(0.5))
    told = by_code(found.metrics())
    assert told["mrocAUC"].value == pytest.approx(binary["auc"].value)
    assert told["mrocAUC"].low == pytest.approx(binary["auc"].low)
    assert told["mcc"].value == pytest.approx(binary["mcc"].value, abs=0.02)
    losses = [found.one_vs_rest(at).calibration_curve().loss.value for at in (0, 1)]
    assert found.per_class().calibration_loss == pytest.approx(losses, abs=5e-3)


def test_each_class_is_compared_with_all_others():
    truth, probabilities, weights = made(weighted=True)
    table = of(truth, probabilities, weights).per_class()
    predicted = probabilities.argmax(axis=1)
    weigh = {"sample_weight": weights}
    precision, recall, f1, _ = sk.precision_recall_fscore_support(truth, predicted, **weigh)
    onehot = np.eye(4)[truth]
    assert table.label == LABELS
    assert table.precision == pytest.approx(precision)
    assert table.recall == pytest.approx(recall)
    assert table.f1 == pytest.approx(f1)
    assert table.auc == pytest.approx(
        sk.roc_auc_score(onehot, probabilities, average=None, **weigh)
    )
    assert table.average_precision == pytest.approx(
        sk.average_precision_score(onehot, probabilities, average=None, **weigh)
    )
    assert table.weight == pytest.approx(np.bincount(truth, weights))
    assert all(
        low <= x <= high
        for low, x, high in zip(table.recall_low, table.recall, table.recall_high, strict=True)
    )


def test_averages_over_classes_are_those_of_scikit_learn():
    truth, probabilities, _ = made()
    found = of(truth, probabilities)
    predicted = probabilities.argmax(axis=1)
    table = found.averages()
    for at, way in enumerate(table.averaging):
        expected = sk.precision_recall_fscore_support(truth, predicted, average=way)[:3]
        assert (table.precision[at], table.recall[at], table.f1[at]) == pytest.approx(expected)
    onehot = np.eye(4)[truth]
    for curve, score, way in (
        (found.micro_roc(), sk.roc_auc_score, "micro"),
        (found.macro_roc(), sk.roc_auc_score, "macro"),
        (found.micro_precision_recall(), sk.average_precision_score, "micro"),
        (found.macro_precision_recall(), sk.average_precision_score, "macro"),
    ):
        assert curve.area.value == pytest.approx(score(onehot, probabilities, average=way))
        assert np.trapezoid(curve.y, curve.x) == pytest.approx(curve.area.value, abs=5e-3)


def test_the_calibration_loss_of_classes_is_resampled_with_all_classes_together():
    truth, probabilities, _ = made(3000, digits=3)
    sharp = probabilities**2 / (probabilities**2).sum(axis=1, keepdims=True)
    told = by_code(of(truth, sharp, averaging="macro").metrics())["mcalibrationLoss"]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(60):
        at = rng.integers(0, len(truth), len(truth))
        table = of(truth[at], sharp[at], averaging="macro").per_class()
        drawn.append(np.mean(table.calibration_loss))
    assert told.high - told.low == pytest.approx(2 * 1.96 * np.std(drawn), rel=0.35)
    assert told.low < told.value < told.high


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.integers(0, 3), st.integers(1, 3)),
        min_size=0,
        max_size=25,
    )
)
def test_any_few_rows_have_values_or_reasons(rows):
    columns = np.array(rows, int).reshape(-1, 3)
    truth, best, weights = columns[:, 0], columns[:, 1], columns[:, 2]
    probabilities = np.full((len(rows), 4), 0.1)
    probabilities[np.arange(len(rows)), best] = 0.7
    found = of(truth, probabilities, weights)
    used = truth >= 0
    assert found.intake.used == used.sum()
    again = of(np.repeat(truth, weights), np.repeat(probabilities, weights, axis=0))
    for metric, other in zip(found.metrics(), again.metrics(), strict=True):
        assert (metric.value is None) <= bool(metric.reason)
        assert metric.value is None or math.isfinite(metric.value)
        if metric.code != "mcalibrationLoss":
            assert metric.value == pytest.approx(other.value), metric.code
        if metric.low is not None:
            assert metric.low - 1e-12 <= metric.value <= metric.high + 1e-12
    found.per_class().model_dump_json()
    found.confusion().of_actual()
    found.macro_roc().model_dump_json()
    found.micro_precision_recall().model_dump_json()
    here = set(truth[used].tolist())
    assert set(found.missing_classes) == {LABELS[at] for at in range(4) if at not in here}


def test_labels_without_probabilities_have_what_labels_allow():
    found = Multiclass([0, 1, 2, -1], ["x", "y", "z"], predicted=[0, 1, 1, 2])
    told = by_code(found.metrics())
    assert told["accuracy"].value == pytest.approx(2 / 3)
    assert told["precision"].value == pytest.approx(0.5)
    assert told["mrocAUC"].reason == "what is predicted are labels without probabilities"
    assert told["logLoss"].value is None
    assert found.one_vs_rest(0) is None
    assert found.micro_roc().area.reason == told["mrocAUC"].reason
    confusion = found.confusion()
    assert confusion.weights == ((1, 0, 0), (0, 1, 0), (0, 1, 0))
    assert confusion.of_actual()[2] == (0, 1, 0)
    assert confusion.of_predicted()[1] == (0, 0.5, None)
    with pytest.raises(TypeError, match="predicted classes or probabilities"):
        Multiclass([0], ["x", "y"])


def test_strange_probabilities_are_counted():
    found = Multiclass(
        [0, 1, 0, 1],
        [False, True],
        probabilities=[[0.5, 0.4], [1.2, -0.2], [math.nan, 0.3], [0, 1]],
        predicted=[0, 1, 1, 1],
    )
    intake = found.intake
    assert (intake.used, intake.without_prediction) == (3, 1)
    assert (intake.not_summing_to_one, intake.no_probabilities) == (1, 1)
    told = by_code(found.metrics())
    assert told["accuracy"].value == 1
    assert told["logLoss"].reason == "1 of 3 rows have scores outside of 0 to 1"
    assert told["mcalibrationLoss"].reason == told["logLoss"].reason


def test_five_hundred_classes():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 500, 1500)
    probabilities = rng.random((1500, 500)) + 20 * np.eye(500)[truth] * rng.random((1500, 1))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    found = Multiclass(truth, range(500), probabilities=probabilities)
    told = by_code(found.metrics())
    assert told["accuracy"].value == sk.accuracy_score(truth, probabilities.argmax(axis=1))
    onehot = np.eye(500)[truth]
    assert told["averagePrecision"].value == pytest.approx(
        sk.average_precision_score(onehot[:, truth[:1]], probabilities[:, truth[:1]]), abs=0.3
    )
    assert told["mrocAUC"].value == pytest.approx(
        np.mean([x for x in found.per_class().auc if x is not None]), abs=5e-3
    )
    assert len(found.confusion().weights) == 500
