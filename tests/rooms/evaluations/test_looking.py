"""What is told of the rows of an evaluation, against fairlearn, pandas and scikit-learn."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fairlearn import metrics as fair
from sklearn import metrics as sk

from modelyard import errors
from modelyard.evaluations.sample import Sample

CLASSES = ["early", "on_time", "late"]


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def kinds(rows):
    """The class that the model answers for each row."""
    scores = np.column_stack([rows.fare, 100 - rows.fare, rows.age]).clip(1)
    return np.array(CLASSES)[scores.argmax(axis=1)]


@pytest.mark.parametrize(
    ("model", "target", "outcome"),
    [
        ("late", "truth", None),
        ("late", "truth", "no"),
        ("labels", "truth", "yes"),
        ("kinds", "kind", "on_time"),
    ],
)
def test_groups_get_an_outcome_as_fairlearn_says(yard, evaluate, rows, model, target, outcome):
    found = evaluate(rows, model, target=target)
    told = yard.evaluations.fairness(id=found.id, by="weight", reference="1", outcome=outcome)
    assert (told.outcome_class, told.reference) == (outcome or "yes", "1")
    assert told.threshold == (0.5 if model == "late" else None)
    yes = (rows.fare >= 50) if model == "late" else (rows.fare > 50)
    answer = kinds(rows) if model == "kinds" else np.where(yes, "yes", "no")
    truth, predicted = (each == told.outcome_class for each in (rows[target], answer))
    oracle = fair.MetricFrame(
        metrics={
            "positive_rate": fair.selection_rate,
            "true_positive_rate": fair.true_positive_rate,
            "false_positive_rate": fair.false_positive_rate,
            "predictive_value": sk.precision_score,
        },
        y_true=truth,
        y_pred=predicted,
        sensitive_features=rows.weight.astype(str),
    ).by_group
    assert told.rates.label == tuple(oracle.index)
    for name in oracle:
        assert getattr(told.rates, name) == near(tuple(oracle[name]))
    parity = next(each for each in told.disparities if each.criterion == "demographicParity")
    gaps = oracle.positive_rate - oracle.positive_rate["1"]
    assert abs(parity.difference.value) == near(gaps.abs().max())


def test_groups_are_compared_with_the_largest_if_none_is_named(yard, evaluate, rows):
    told = yard.evaluations.fairness(id=evaluate(rows).id, by="kind")
    assert told.reference == rows.kind.value_counts().index[0]
    weighted = yard.evaluations.fairness(id=evaluate(rows, weights="weight").id, by="weight")
    assert weighted.rates.label == ("1", "2", "3"), "rows of weight 0 are not used"


@pytest.mark.parametrize(
    ("model", "target", "asked", "said"),
    [
        ("late", "truth", {"by": "kinds"}, "no column 'kinds'.*kind"),
        ("late", "truth", {"by": "kind", "reference": "soon"}, "'soon'.*early"),
        ("late", "truth", {"by": "kind", "outcome": "maybe"}, "'maybe'.*no, yes"),
        ("kinds", "kind", {"by": "weight"}, "--outcome: early, on_time, late"),
        ("minutes", "delay", {"by": "kind"}, "predicts numbers"),
        ("anything", "truth", {"by": "kind"}, "cannot be compared"),
    ],
)
def test_what_groups_cannot_be_compared_by(yard, evaluate, rows, model, target, asked, said):
    found = evaluate(rows, model, target=target)
    with pytest.raises((errors.Invalid, errors.Unsupported), match=said):
        yard.evaluations.fairness(id=found.id, **asked)
    with pytest.raises(errors.NotFound, match="evaluations list"):
        yard.evaluations.fairness(id="none", **asked)


def lost(rows):
    """What each row loses by log loss."""
    score = np.clip(rows.fare / 100, 2**-52, 1 - 2**-52)
    return -np.log(np.where(rows.truth == "yes", score, 1 - score))


def test_the_worst_slices_are_those_that_pandas_finds(yard, evaluate, rows):
    found = evaluate(rows)
    told = yard.evaluations.worst(id=found.id, combined=1, most=3)
    assert told.columns == ("id", "age", "fare", "weight", "kind", "delay")
    assert told.overall == near(found.metrics["logLoss"].value)
    groups = yard.evaluations.slices(id=found.id, by="fare").slices
    losses = lost(rows)
    for each in told.slices:
        [condition] = each.conditions
        assert (condition.column, condition.group) in [("fare", one.group) for one in groups]
        low, high = condition.group.low, condition.group.high
        inside = (rows.fare <= high) & (rows.fare >= 0 if low == 0 else rows.fare > low)
        assert (each.rows, each.loss) == (inside.sum(), pytest.approx(losses[inside].mean()))
        assert each.rest == pytest.approx(losses[~inside].mean())
        assert each.effect == pytest.approx((each.loss - each.rest) / losses.std(ddof=0))
        assert each.q <= 0.05
    assert told.slices


@pytest.mark.parametrize(
    ("model", "target", "metric"),
    [
        ("late", "truth", "brierScore"),
        ("late", "truth", "hammingLoss"),
        ("labels", "truth", "hammingLoss"),
        ("kinds", "kind", "logLoss"),
        ("kinds", "kind", "hammingLoss"),
        ("minutes", "delay", "mse"),
        ("minutes", "delay", "mae"),
    ],
)
def test_the_mean_of_what_rows_lose_is_the_metric(yard, evaluate, rows, model, target, metric):
    found = evaluate(rows, model, target=target)
    told = yard.evaluations.worst(id=found.id, metric=metric, columns=("weight",), least=2)
    assert (told.loss, told.looked_at, told.combined) == (metric, 4, 2)
    assert told.overall == near(found.metrics[metric].value)


def test_a_search_for_slices_that_cannot_be(yard, evaluate, rows):
    found = evaluate(rows)
    few = yard.evaluations.worst(id=found.id, columns=("kind",), least=2000)
    assert (few.slices, few.reason) == ((), "there are 3000 rows; a search takes 4000")
    for asked, said in (
        ({"columns": ("kinds",)}, "no column 'kinds'"),
        ({"metric": "mae"}, "--metric mae.*logLoss, brierScore, hammingLoss"),
        ({"combined": 3}, "combined"),
    ):
        with pytest.raises(errors.Invalid, match=said):
            yard.evaluations.worst(id=found.id, **asked)
    with pytest.raises(errors.Unsupported, match="takes probabilities"):
        yard.evaluations.worst(id=evaluate(rows, "labels").id, metric="logLoss")
    for given, said in (({"id": "none"}, "no evaluation"), ({"columns": ("kinds",)}, "kinds")):
        with pytest.raises(errors.ModelyardError, match=said):
            yard.jobs.submit(command="evaluations.worst", given={"id": found.id, **given})
    assert yard.jobs.list(command="evaluations.worst") == []


@pytest.mark.parametrize("order", ["worst", "best"])
def test_rows_of_classes_are_ordered_by_what_they_lose(yard, evaluate, rows, order):
    found = yard.evaluations.rows(id=evaluate(rows).id, order=order, first=40)
    signed = pd.Series(-lost(rows) if order == "worst" else lost(rows))
    places = signed.sort_values(kind="stable").index[:40]
    assert [each.row for each in found.rows] == list(places)
    assert (found.metric, found.used) == ("logLoss", len(rows))
    for each in found.rows:
        row = rows.loc[each.row]
        assert {name: each.values.root[name] for name in rows.columns} == row.to_dict()
        assert each.truth == row.truth
        assert each.predicted == ("yes" if row.fare >= 50 else "no")
        assert each.prediction_correct is (each.truth == each.predicted)
        assert each.loss == pytest.approx(lost(rows)[each.row], abs=1e-12)


def test_rows_of_numbers_have_their_errors(yard, evaluate, rows):
    found = yard.evaluations.rows(id=evaluate(rows, "minutes", target="delay").id, first=1000)
    error = rows.fare * 0.5 + rows.age * 0.1 - rows.delay
    oracle = pd.DataFrame(
        {
            "error": error,
            "absolute_error": error.abs(),
            "relative_error": error / rows.delay,
            "error_decile": pd.qcut(error, 10, labels=range(1, 11)).astype(int),
            "abs_error_decile": pd.qcut(error.abs(), 10, labels=range(1, 11)).astype(int),
        }
    ).loc[error.abs().sort_values(ascending=False).index[:1000]]
    told = pd.DataFrame([each.model_dump() for each in found.rows]).set_index("row")
    pd.testing.assert_frame_equal(told[list(oracle)], oracle, check_names=False)
    assert told.prediction_correct.isna().all()


def test_rows_that_are_not_used_are_not_shown(yard, evaluate, rows):
    found = evaluate(rows, "kinds", target="kind", weights="weight")
    told = yard.evaluations.rows(id=found.id, metric="hammingLoss", first=1000)
    wrong = rows[(kinds(rows) != rows.kind) & (rows.weight > 0)]
    assert told.used == (rows.weight > 0).sum()
    shown = [each.row for each in told.rows if not each.prediction_correct]
    assert shown == list(wrong.index)


def test_rows_are_read_from_the_pieces_that_hold_them():
    table = pa.table({"a": range(1000), "b": [[i] for i in range(1000)]})
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=70)
    sample = Sample(None, file)
    for places in ([], [0], [999, 0, 70, 69, 500], list(range(1000))):
        asked = np.array(places, np.int64)
        assert sample.rows(asked) == table.take(asked)


@pytest.mark.parametrize("by", ["kind", "age"])
def test_residuals_are_those_of_pandas(yard, evaluate, rows, by):
    found = evaluate(rows, "minutes", target="delay")
    told = yard.evaluations.residuals(id=found.id, by=by)
    error = rows.fare * 0.5 + rows.age * 0.1 - rows.delay
    for at, label in enumerate(told.label):
        if by == "kind":
            inside = rows.kind == label
            assert told.center[at] is None
        else:
            low, high = map(int, label.removeprefix("over ").split(" to "))
            inside = (rows.age <= high) & (rows.age > low if "over" in label else True)
            assert told.center[at] == near(rows.age[inside].mean())
        assert told.weight[at] == inside.sum()
        assert told.mean[at] == near(error[inside].mean())
        assert told.std[at] == near(error[inside].std(ddof=0))
        assert told.mean_absolute[at] == near(error[inside].abs().mean())
        half = 1.959963984540054 * error[inside].sem()
        assert (told.low[at], told.high[at]) == near((told.mean[at] - half, told.mean[at] + half))


def test_rows_and_residuals_that_cannot_be_shown(yard, evaluate, rows):
    found = evaluate(rows)
    for asked in ({"first": 0}, {"first": 1001}, {"order": "middle"}, {"metric": "mse"}):
        with pytest.raises(errors.Invalid, match=next(iter(asked))):
            yard.evaluations.rows(id=found.id, **asked)
    with pytest.raises(errors.Unsupported, match="predicts classes"):
        yard.evaluations.residuals(id=found.id, by="age")
    minutes = evaluate(rows, "minutes", target="delay")
    with pytest.raises(errors.Invalid, match=r"no column 'aged'.*'age'"):
        yard.evaluations.residuals(id=minutes.id, by="aged")
