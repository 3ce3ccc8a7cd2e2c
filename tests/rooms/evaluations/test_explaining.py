"""What versions take from which column, asked of their workers; and what is kept of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from modelyard import errors
from modelyard.evaluations.explaining.asking import asking
from modelyard.evaluations.explaining.keeping import find_kept
from modelyard.evaluations.explaining.measuring import measure_of, of_class
from modelyard.evaluations.explaining.subject import draw
from modelyard.evaluations.keeping import add_file, read_files
from modelyard.evaluations.repository import files_of
from modelyard.evaluations.sample import open_sample
from modelyard.models.access import find_version


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def opened(yard, evaluation):
    """The workspace's context, and the version that was evaluated."""
    context = yard.open()
    return context, find_version(context, "default", evaluation.model, evaluation.version)


def test_what_is_told_of_a_version_is_kept(yard, evaluate, rows):
    found = evaluate(rows, weights="weight", threshold=0.8)
    told = yard.evaluations.importance(id=found.id, metric="brierScore", repeats=3)
    assert (told.rows, told.repeats, told.seed) == (1000, 3, 1337)
    assert told.column == ("fare", "age")
    assert told.importance[1] == 0, "the model does not look at it"
    assert told.low[0] < told.importance[0] < told.high[0]
    asked = {"id": found.id, "metric": "brierScore", "repeats": 3}
    assert yard.evaluations.importance(**asked) == told, "created at the same moment"
    depends = yard.evaluations.dependence(id=found.id, by="fare", points=3, curves=2)
    assert (depends.outcome, depends.scale) == ("yes", "log-odds")
    assert depends.value == (0, depends.value[1], 100)
    assert depends.average == near((0, depends.value[1] / 100, 1))
    kept = yard.evaluations.explanations(id=found.id)
    assert [each.name for each in kept] == ["dependence:fare", "importance"]
    assert [each.created for each in kept] == [depends.created, told.created]
    for name, report in (("importance", told), ("dependence:fare", depends)):
        content = yard.evaluations.screen(id=found.id, screen=name).content
        assert type(report).model_validate(content) == report
    table = yard.evaluations.table(id=found.id, screen="importance")
    assert table.columns == ("column", "importance", "low", "high", "std")
    table = yard.evaluations.table(id=found.id, screen="dependence:fare")
    assert [row[0] for row in table.rows] == list(depends.label)
    chart = yard.evaluations.chart(id=found.id, screen="dependence:fare")
    assert chart.title == "Partial dependence on fare"
    assert [row["effect"] for row in chart.spec["datasets"]["line"]] == list(depends.effect)
    assert yard.evaluations.show(id=found.id) == found, "its own numbers stay"
    with pytest.raises(errors.Invalid, match="no slice"):
        yard.evaluations.screen(id=found.id, screen="importance", threshold=0.3)
    with pytest.raises(errors.NotFound, match="evaluations explanations"):
        yard.evaluations.screen(id=found.id, screen="dependence:age")


def test_an_evaluation_is_explained_at_once_where_that_is_asked_for(yard, evaluate, rows):
    found = evaluate(rows[:400], explain=True)
    assert [each.name for each in yard.evaluations.explanations(id=found.id)] == ["importance"]
    assert yard.evaluations.screen(id=found.id, screen="worst").content["columns"]
    with pytest.raises(errors.Unsupported, match=r"^evaluation \S+ is kept, but not explained: "):
        evaluate(rows[:20], "anything", target=None, explain=True)


def test_importance_is_what_permutations_cost(yard, evaluate, rows):
    found = evaluate(rows)
    told = yard.evaluations.importance(id=found.id, rows=3000)
    assert (told.metric, told.baseline) == ("auc", near(found.metrics["auc"].value))
    aucs = []
    for repeat in range(5):
        order = np.random.default_rng((1337, 1, repeat)).permutation(len(rows))
        aucs.append(metrics.roc_auc_score(rows.truth == "yes", rows.fare.to_numpy()[order]))
    assert told.importance[0] == near(told.baseline - np.mean(aucs))
    assert told.std[0] == near(np.std(aucs, ddof=1))


def test_dependence_of_one_of_several_classes(yard, evaluate, rows):
    found = evaluate(rows, "kinds", target="kind")
    told = yard.evaluations.dependence(
        id=found.id, by="fare", outcome="late", points=4, curves=10, rows=3000
    )
    assert told.outcome == "late"
    of_late, averages = [], []
    for fare in [rows.fare, *np.array(told.value)]:
        scores = np.column_stack([np.full(3000, fare), np.full(3000, 100 - fare), rows.age])
        scores = scores.clip(1)
        share = scores[:, 2] / scores.sum(axis=1)
        of_late.append(np.log(share / (1 - share)))
        averages.append(share.mean())
    assert told.overall == near(averages[0])
    assert told.average == near(tuple(averages[1:]))
    overall = of_late[0].mean()
    assert told.effect == near(tuple(each.mean() - overall for each in of_late[1:]))
    for curve in told.curves:
        assert curve.effect == near(tuple(each[curve.row] - overall for each in of_late[1:]))
    assert len(told.curves) == 10
    assert sum(told.distribution.weight) == 3000


def test_rows_that_a_version_refuses_have_no_answer(yard, evaluate, rows):
    odd = rows.copy()
    odd.loc[[5, 2000], "age"] = -1
    found = evaluate(odd, "frail", on_error="skip")
    context, version = opened(yard, found)
    with open_sample(context, found) as sample:
        subject = draw(sample, version, rows=20, seed=1)
    age = subject.table["age"].to_numpy().copy()
    age[3] = -1
    table = subject.table.set_column(0, "age", pa.array(age))
    with asking(context, version, found, subject, times=1) as ask:
        [answers] = ask([table])
    assert np.flatnonzero(np.isnan(answers[:, 0])).tolist() == [3]
    known = np.arange(20) != 3
    assert answers[known, 0] == near(subject.scored.predicted[known])
    assert answers[known, 2] == near(subject.scored.probabilities[known, 1])


@pytest.mark.parametrize(
    ("model", "target", "weights"),
    [
        ("late", "truth", "weight"),
        ("late", "truth", None),
        ("labels", "truth", None),
        ("kinds", "kind", None),
        ("minutes", "delay", "weight"),
    ],
)
def test_what_is_measured_are_the_metrics_of_the_evaluation(
    yard, evaluate, rows, model, target, weights
):
    found = evaluate(rows, model, target=target, weights=weights)
    context, version = opened(yard, found)
    with open_sample(context, found) as sample:
        subject = draw(sample, version, rows=3000, seed=1)
        assert subject.table.column_names == ["age", "fare"]
        scored = subject.scored
        columns = [scored.predicted.astype(float)]
        if scored.probabilities is not None:
            columns.extend(scored.probabilities.T)
        answers = np.column_stack(columns)
        computed = {code: each.value for code, each in found.metrics.items() if each.reason is None}
        assert len(computed) >= 8
        for code, value in computed.items():
            assert measure_of(sample, subject, code)(answers).value == near(value), code


def test_labels_are_told_by_how_often_they_are_predicted():
    answers = np.array([[0.0], [1.0], [np.nan], [1.0]])
    [found] = of_class(lambda tables: [answers for _ in tables], 1, has_probabilities=False)([0])
    assert found[:, 0].tolist() == pytest.approx([0, 1, np.nan, 1], nan_ok=True)


def test_columns_that_are_called_like_predictions(yard, evaluate, rows):
    """The model's inputs are found again where predictions took their names."""
    named = rows.rename(columns={"truth": "prediction", "weight": "proba_no"})
    found = evaluate(named, target="prediction", weights="proba_no")
    context, version = opened(yard, found)
    inputs = version.signature.inputs
    called = inputs.columns[1].model_copy(update={"name": "prediction"})
    inputs = inputs.model_copy(update={"columns": (inputs.columns[0], called)})
    signature = version.signature.model_copy(update={"inputs": inputs})
    with open_sample(context, found) as sample:
        subject = draw(
            sample, version.model_copy(update={"signature": signature}), rows=10**6, seed=1
        )
    used = rows[rows.weight > 0]
    assert subject.rows.tolist() == used.index.tolist()
    assert subject.table.column_names == ["age", "prediction"]
    assert subject.table["prediction"].to_pylist() == used.truth.tolist()


def test_something_else_takes_the_place_of_what_was_kept(yard, evaluate, rows):
    found = evaluate(rows, "minutes", target="delay")
    context, _ = opened(yard, found)
    name = "something.json.gz"
    digests = []
    for number in (1, 2):
        add_file(context, found, name, {"number": number})
        assert read_files(context, found, name) == {name: {"number": number}}
        with context.read() as db:
            digests.append(files_of(db, found)[name])
    assert not context.artifacts.has(digests[0])
    assert context.artifacts.has(digests[1])
    assert find_kept(context, found, "importance") is None
    with pytest.raises(errors.NotFound):
        add_file(context, found.model_copy(update={"id": "gone"}), name, {})


@pytest.mark.parametrize(
    ("model", "target", "verb", "asked", "said"),
    [
        ("late", "truth", "importance", {"metric": "mae"}, "by 'mae'; the evaluation has: .*auc"),
        ("labels", "truth", "importance", {"metric": "auc"}, "labels without probabilities"),
        ("late", "truth", "importance", {"columns": ["weight"]}, "takes has no column 'weight'"),
        ("late", "truth", "dependence", {"by": "weight"}, "late v1 takes has no column 'weight'"),
        ("late", "truth", "dependence", {"by": "age", "outcome": "maybe"}, "'maybe'.*no, yes"),
        ("kinds", "kind", "dependence", {"by": "age"}, "--outcome: early, on_time, late"),
        ("minutes", "delay", "dependence", {"by": "age", "outcome": "late"}, "predicts numbers"),
        ("anything", "truth", "importance", {}, "cannot be compared"),
        ("anything", "truth", "dependence", {"by": "age"}, "cannot be compared"),
    ],
)
def test_what_cannot_be_explained(yard, evaluate, rows, model, target, verb, asked, said):
    found = evaluate(rows, model, target=target)
    with pytest.raises((errors.Invalid, errors.Unsupported), match=said):
        getattr(yard.evaluations, verb)(id=found.id, **asked)
    with pytest.raises((errors.Invalid, errors.Unsupported), match=said):  # before it is a job
        yard.jobs.submit(command=f"evaluations.{verb}", given={"id": found.id, **asked})


def test_too_few_rows(yard, evaluate, rows):
    few = evaluate(rows.head(2))
    with pytest.raises(errors.Invalid, match=r"2 rows .* this takes 10"):
        yard.evaluations.importance(id=few.id)
    with pytest.raises(errors.NotFound, match="evaluations list"):
        yard.evaluations.explanations(id="none")
