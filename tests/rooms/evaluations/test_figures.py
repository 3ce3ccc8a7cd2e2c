"""The numbers of evaluations against scikit-learn, on rows scored by real workers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from modelyard import errors
from modelyard.evaluations.numbered import NumberedCheck


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def values(evaluation):
    return {code: each.value for code, each in evaluation.metrics.items()}


@pytest.mark.parametrize("weights", [None, "weight"])
def test_binary(yard, evaluate, rows, weights):
    found = evaluate(rows, weights=weights, threshold=0.3)
    used = rows if weights is None else rows[rows.weight > 0]
    truth, score = used.truth == "yes", used.fare / 100
    told, by = values(found), {"sample_weight": None if weights is None else used[weights]}
    assert (found.rows, found.intake.used) == (len(rows), len(used))
    assert told["auc"] == near(metrics.roc_auc_score(truth, score, **by))
    assert told["averagePrecision"] == near(metrics.average_precision_score(truth, score, **by))
    assert told["logLoss"] == near(metrics.log_loss(truth, score, **by))
    answer = score >= 0.3
    assert told["f1"] == near(metrics.f1_score(truth, answer, **by))
    assert told["mcc"] == near(metrics.matthews_corrcoef(truth, answer, **by))
    assert told["accuracy"] == near(metrics.accuracy_score(truth, answer, **by))
    [[tn, fp], [fn, tp]] = metrics.confusion_matrix(truth, answer, **by)
    cells = yard.evaluations.screen(id=found.id, screen="confusion").content["cells"]
    assert [cells[f"{name}_positive"] for name in ("true", "false")] == near([tp, fp])
    assert [cells[f"{name}_negative"] for name in ("true", "false")] == near([tn, fn])
    assert told["costMatrixGain"] == near((tp - 0.3 * fp) / (tn + fp + fn + tp))


def test_every_interval_holds_its_value_and_says_its_method(yard, evaluate, rows):
    found = evaluate(rows, confidence=0.9)
    narrow = evaluate(rows, confidence=0.6)
    for code, each in found.metrics.items():
        assert each.low <= each.value <= each.high, code
        assert each.method, code
        other = narrow.metrics[code]
        assert other.high - other.low < each.high - each.low, code


def test_the_other_class_can_be_the_positive_one(yard, evaluate, rows):
    yes = evaluate(rows)
    no = evaluate(rows, positive="no")
    assert no.positive == "no"
    assert values(no)["auc"] == near(values(yes)["auc"])
    truth, answer = rows.truth == "no", rows.fare / 100 < 0.5  # on it scoring answers "yes"
    assert (rows.fare == 50).any()
    assert values(no)["recall"] == near(metrics.recall_score(truth, answer))


@pytest.mark.parametrize("code", ["f1", "costMatrixGain"])
def test_the_best_threshold_is_the_best(yard, evaluate, rows, code):
    found = evaluate(rows, optimise=code)
    assert found.threshold_from == "optimised"
    chart = yard.evaluations.screen(id=found.id, screen="decision").content
    name = {"costMatrixGain": "cost_matrix_gain"}.get(code, code)
    others = [value for value in chart[name] if value is not None]
    assert values(found)[code] >= max(others) - 1e-12


def test_the_screen_at_another_threshold_is_that_of_an_evaluation_at_it(yard, evaluate, rows):
    found = evaluate(rows, weights="weight")
    other = evaluate(rows, weights="weight", threshold=0.8)
    asked = yard.evaluations.screen(id=found.id, screen="confusion", threshold=0.8)
    assert asked.threshold == 0.8
    assert asked.content == yard.evaluations.screen(id=other.id, screen="confusion").content


def test_several_classes(yard, evaluate, rows):
    found = evaluate(rows, "kinds", target="kind", averaging="macro")
    classes = ["early", "on_time", "late"]
    scores = np.column_stack([rows.fare, 100 - rows.fare, rows.age]).clip(1)
    scores = scores / scores.sum(axis=1, keepdims=True)
    answer, told = np.array(classes)[scores.argmax(axis=1)], values(found)
    columns = scores[:, np.argsort(classes)]
    assert told["accuracy"] == near(metrics.accuracy_score(rows.kind, answer))
    assert told["f1"] == near(metrics.f1_score(rows.kind, answer, average="macro"))
    assert told["mrocAUC"] == near(
        metrics.roc_auc_score(rows.kind, columns, multi_class="ovo", labels=sorted(classes))
    )
    assert told["logLoss"] == near(metrics.log_loss(rows.kind, columns, labels=sorted(classes)))
    confusion = yard.evaluations.screen(id=found.id, screen="confusion").content
    assert np.array(confusion["weights"]) == near(
        metrics.confusion_matrix(rows.kind, answer, labels=classes)
    )
    roc = yard.evaluations.screen(id=found.id, screen="roc").content
    assert {each["label"] for each in roc["classes"]} == set(classes)
    for each in roc["classes"]:
        one = metrics.roc_auc_score(
            rows.kind == each["label"], scores[:, classes.index(each["label"])]
        )
        assert each["area"]["value"] == near(one)
        area = np.trapezoid(each["true_positive_rate"], each["false_positive_rate"])
        assert area == near(one)


def test_labels_alone(yard, evaluate, rows):
    found = evaluate(rows, "labels")
    told, answer = values(found), rows.fare > 50
    assert told["accuracy"] == near(metrics.accuracy_score(rows.truth == "yes", answer))
    assert told["auc"] is None
    assert "labels without probabilities" in found.metrics["auc"].reason
    assert found.screens == ("confusion",)
    assert found.threshold is None


def test_what_predicts_anything_has_no_metrics(yard, evaluate, rows):
    found = evaluate(rows, "anything")
    assert (found.metrics, found.screens, found.rows) == ({}, (), len(rows))
    assert "cannot be compared" in found.no_metrics


def test_rows_that_cannot_be_used_are_counted(yard, evaluate, rows):
    lacking = rows.copy()
    lacking.loc[:9, "truth"] = None
    lacking.loc[10:11, "weight"] = None
    lacking.loc[12:14, "weight"] = 0
    lacking.loc[15:, "weight"] = 1
    found = evaluate(lacking, weights="weight")
    intake = found.intake
    assert (intake.without_truth, intake.bad_weight, intake.without_weight) == (10, 2, 3)
    assert intake.used == len(rows) - 15
    used = rows[15:]
    auc = metrics.roc_auc_score(used.truth == "yes", used.fare / 100)
    assert values(found)["auc"] == near(auc)


def test_rows_that_the_model_refuses_are_skipped_when_that_is_said(yard, evaluate, rows):
    odd = rows.copy()
    odd.loc[[5, 2000], "age"] = -1
    found = evaluate(odd, "frail", on_error="skip")
    assert (found.rejected, found.intake.used) == (2, len(rows) - 2)


def codes(evaluation) -> set[str]:
    assert all(
        isinstance(each, NumberedCheck) and each.evidence and each.advice
        for each in evaluation.diagnostics
    )
    return {each.code for each in evaluation.diagnostics}


def test_what_one_should_know_is_told(yard, evaluate, rows):
    assert codes(evaluate(rows)) == set()
    few = evaluate(rows, method="first", rows=50)
    assert "E102" in codes(few)
    one = rows[rows.truth == "yes"]
    alone = evaluate(one)
    assert "E103" in codes(alone)
    assert alone.metrics["auc"].value is None
    assert alone.metrics["auc"].reason
    lacking = rows.assign(truth=rows.truth.where(rows.id < 1000))
    assert "E101" in codes(evaluate(lacking))
    perfect = rows.assign(truth=np.where(rows.fare > 50, "yes", "no"))
    assert "E201" in codes(evaluate(perfect))


@pytest.mark.parametrize("count", [1, 2])
def test_very_few_rows(yard, evaluate, rows, count):
    found = evaluate(rows.head(count))
    assert found.intake.used == count
    assert all(each.value is not None or each.reason for each in found.metrics.values())


@pytest.mark.parametrize("weights", [None, "weight"])
def test_regression(yard, evaluate, rows, weights):
    found = evaluate(rows, "minutes", target="delay", weights=weights)
    used = rows if weights is None else rows[rows.weight > 0]
    by = {"sample_weight": None if weights is None else used[weights]}
    answer, told = used.fare * 0.5 + used.age * 0.1, values(found)
    assert told["mae"] == near(metrics.mean_absolute_error(used.delay, answer, **by))
    assert told["rmse"] == near(metrics.root_mean_squared_error(used.delay, answer, **by))
    assert told["r2"] == near(metrics.r2_score(used.delay, answer, **by))
    assert told["explainedVariance"] == near(
        metrics.explained_variance_score(used.delay, answer, **by)
    )
    assert found.screens == ("scatter", "points", "errors", "percentiles", "quantiles")
    percentiles = yard.evaluations.screen(id=found.id, screen="percentiles").content
    if weights is None:
        middle = percentiles["error"][percentiles["percent"].index(50)]
        assert middle == pytest.approx(np.median(answer - used.delay), abs=0.02)


@pytest.mark.parametrize(
    ("model", "target", "code"),
    [("late", "truth", "auc"), ("kinds", "kind", "accuracy"), ("minutes", "delay", "mae")],
)
def test_slices_are_evaluations_of_their_rows(yard, evaluate, rows, model, target, code):
    found = evaluate(rows, model, target=target)
    told = yard.evaluations.slices(id=found.id, by="weight")
    assert [each.group.label for each in told.slices] == ["0", "1", "2", "3"]
    assert {each.code: each for each in told.total.metrics} == found.metrics
    part = rows[rows.weight == 2]
    alone = yard.evaluations.slices(id=found.id, by="weight").slices[2]
    assert alone.rows == len(part)
    [metric] = [each for each in alone.metrics if each.code == code]
    assert metric == evaluate(part, model, target=target).metrics[code]


def test_slices_of_a_column_that_is_not_there(yard, evaluate, rows):
    with pytest.raises(errors.Invalid, match="weight"):
        yard.evaluations.slices(id=evaluate(rows).id, by="wait")
    with pytest.raises(errors.Unsupported, match="cannot be compared"):
        yard.evaluations.slices(id=evaluate(rows, "anything").id, by="age")


@pytest.mark.parametrize(
    ("model", "target"), [("late", None), ("kinds", "kind"), ("minutes", "delay")]
)
def test_the_screens_of_a_slice_are_those_of_an_evaluation_of_its_rows(
    yard, evaluate, rows, model, target
):
    whole = evaluate(rows, model, target=target)
    alone = evaluate(rows[rows.weight == 2], model, target=target)
    for name in alone.screens:
        told = yard.evaluations.screen(id=whole.id, screen=name, by="weight", group="2")
        assert (told.by, told.group) == ("weight", "2")
        assert told.content == yard.evaluations.screen(id=alone.id, screen=name).content, name


def test_the_confusion_of_a_slice_at_another_threshold(yard, evaluate, rows):
    part = rows[rows.weight == 2]
    asked = {"screen": "confusion", "threshold": 0.8}
    told = yard.evaluations.screen(id=evaluate(rows).id, by="weight", group="2", **asked)
    assert told.content == yard.evaluations.screen(id=evaluate(part).id, **asked).content


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "weight"}, "give both"),
        ({"group": "2"}, "give both"),
        ({"by": "weight", "group": "9"}, "'0', '1', '2', '3'"),
        ({"by": "wait", "group": "9"}, "wait"),
    ],
)
def test_slices_that_are_not_there(yard, evaluate, rows, asked, said):
    with pytest.raises(errors.ModelyardError, match=said):
        yard.evaluations.screen(id=evaluate(rows).id, screen="roc", **asked)
