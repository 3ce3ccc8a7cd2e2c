"""Where evaluations go and what they write: stores, labels, ids, outputs, rows for drift."""

from __future__ import annotations

import shutil
from contextlib import closing

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import modelyard
from modelyard import errors
from modelyard.evaluations import drift_sample
from modelyard.evaluations.drift_sample import draw_for_drift
from modelyard.evaluations.kept_rows import open_kept
from modelyard.evaluations.storing.reference import reference_for


@pytest.fixture(scope="module")
def yard(imported, tmp_path_factory):
    """A workspace with a store and a variable."""
    folder = tmp_path_factory.mktemp("placed")
    shutil.copytree(imported, folder, dirs_exist_ok=True)
    with closing(modelyard.open(folder / "yard")) as yard:
        yard.stores.create(name="monthly")
        yard.stores.create(name="other")
        yard.projects.update(key="default", variables={"month": "2026-02", "n": 2})
        yield yard


@pytest.fixture(scope="module")
def scored(yard, tmp_path_factory, rows):
    """What `late` predicts for the rows."""
    folder = tmp_path_factory.mktemp("scored")
    rows.to_csv(folder / "rows.csv", index=False)
    output = str(folder / "scored.parquet")
    yard.scoring.run(model="late", input=str(folder / "rows.csv"), output=output)
    return pd.read_parquet(output)


@pytest.fixture
def file(scored, tmp_path):
    """Writes scored rows to a file: `file(name=column, …)` changes columns."""

    def write(name="scored.parquet", **columns):
        path = tmp_path / name
        frame = scored.assign(**columns)
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
        return str(path)

    return write


def metrics_of(found):
    return {code: each.value for code, each in found.metrics.items()}


def test_an_evaluation_in_a_store_has_labels_and_writes_its_rows_and_metrics(
    yard, written, rows, tmp_path
):
    output, metrics = str(tmp_path / "out.parquet"), str(tmp_path / "metrics.csv")
    partly = rows.assign(truth=rows.truth.where(rows.index % 3 > 0))
    asked = {
        "model": "late",
        "dataset": written(partly),
        "store": "monthly",
        "threshold": 0.3,
        "metrics_output": metrics,
        "metrics": ["f1", "auc"],
    }
    labels = {"month": "${month}", "n": "no ${n}", "model:name": "mine", "p": "${project.n}"}
    found = yard.evaluations.run(**asked, label=labels, output=output, name="February")
    assert (found.store, found.name, found.model) == ("monthly", "February", "late")
    shown = {"month": "2026-02", "n": "no 2", "p": "2", "model:name": "mine"}
    assert shown.items() <= found.labels.items()
    assert found.labels["evaluation:model-name"] == "late"
    assert found.labels["evaluationDataset:dataset-name"] == asked["dataset"]
    assert (found.intake.used, found.intake.without_truth) == (2000, 1000)
    assert yard.evaluations.show(id=found.id) == found
    frame = pd.read_parquet(output)
    assert frame.prediction.tolist() == np.where(rows.fare >= 30, "yes", "no").tolist()
    known = partly.truth.notna()
    right = frame.prediction_correct[known]
    assert frame.prediction_correct[~known].isna().all()
    assert right.mean() == pytest.approx(found.metrics["accuracy"].value)
    again = yard.evaluations.run(**{**asked, "metrics": ["f1", "mcc"]}, skip_scoring=False)
    told = pd.read_csv(metrics)
    assert told.evaluation.tolist() == [found.id, again.id]
    assert told.f1.tolist() == pytest.approx([found.metrics["f1"].value] * 2)
    assert told.auc.isna().tolist() == [False, True]
    assert told.mcc.isna().tolist() == [True, False]


def test_rows_that_were_scored_before_give_the_same_without_the_version(yard, file, scored):
    plain = yard.evaluations.run(model="late", dataset=file())
    found = yard.evaluations.run(model="late", dataset=file(), skip_scoring=True)
    assert metrics_of(found) == metrics_of(plain)
    assert (found.scoring_run, found.features) == (None, plain.features)
    renamed = scored.rename(columns={"prediction": "p", "proba_no": "a", "proba_yes": "b"})
    moved = file(**{name: renamed[name] for name in "pab"}, prediction="no")
    named = {"prediction": "p", "probabilities": {"yes": "b", "no": "a"}}
    found = yard.evaluations.run(model="late", dataset=moved, skip_scoring=True, **named)
    assert metrics_of(found) == metrics_of(plain)
    only = yard.evaluations.standalone(
        dataset=moved, prediction_type="binary_classification", target="truth", **named,
        classes=("no", "yes"), store="other",
    )  # fmt: skip
    assert metrics_of(only) == metrics_of(plain)
    assert (only.kind, only.model, only.threshold_from) == ("standalone", None, "default")
    assert yard.evaluations.slices(id=only.id, by="age").total.rows == len(scored)
    screen = yard.evaluations.screen(id=only.id, screen="confusion", threshold=0.7)
    assert screen == yard.evaluations.screen(
        id=found.id, screen="confusion", threshold=0.7
    ).model_copy(update={"evaluation": only.id})
    likeliest = yard.evaluations.standalone(
        dataset=moved, prediction_type="binary_classification", target="truth",
        probabilities={"no": "a", "yes": "b"}, assertions=[
            {"name": "dear", "where": "fare >= 50", "expect": ["yes"], "ratio": 1.0}],
    )  # fmt: skip
    assert metrics_of(likeliest).items() >= metrics_of(plain).items()
    assert likeliest.assertions[0].passed


def test_numbers_and_several_classes_that_something_else_predicted(yard, rows, written):
    guess = rows.assign(guess=rows.fare * 0.5, what=rows.kind)
    found = yard.evaluations.standalone(
        dataset=written(guess), prediction_type="regression", prediction="guess", target="delay"
    )
    assert found.metrics["mae"].value == pytest.approx((rows.fare * 0.5 - rows.delay).abs().mean())
    assert found.features == ("id", "age", "fare", "weight", "truth", "kind", "what")
    found = yard.evaluations.standalone(
        dataset=written(guess), prediction_type="multiclass", prediction="what", target="kind"
    )
    assert (found.classes, found.metrics["accuracy"].value) == (("early", "late", "on_time"), 1)
    assert yard.evaluations.report(id=found.id, output=written(guess, "r.html"), replace=True)


def test_rows_are_kept_for_drift_alone(yard, written, rows, tmp_path):
    before, after = written(rows.head(1000), "a.csv"), written(rows.tail(500), "b.csv")
    found = yard.evaluations.standalone(
        dataset=after, reference=before, reference_sampling={"method": "first", "rows": 800},
        store="other", drift_rows=100, name="drift",
    )  # fmt: skip
    assert (found.metrics.keys(), found.screens, found.rows) == (
        {"dataDrift", "dataDriftPValue"},
        (),
        500,
    )
    assert found.no_metrics.startswith("no column was named")
    context = yard.open()
    with open_kept(context, found) as kept, open_kept(context, found, "all") as every:
        assert (kept.rows, every.rows, kept.prediction) == (100, 500, None)
        assert kept.features == tuple(rows.columns)
    reference = reference_for(context, found)
    with open_kept(context, reference.evaluation, reference.part) as kept:
        assert kept.rows == 100
    skipped = yard.evaluations.run(model="late", dataset=after, skip_performance=True)
    with open_kept(context, skipped) as kept:
        assert (kept.truth, kept.prediction) == (None, "prediction")
        assert kept.probabilities == ("proba_no", "proba_yes")
        assert kept.features == ("age", "fare")
    target = str(tmp_path / "kept.csv")
    assert yard.evaluations.sample(id=skipped.id, output=target).rows == 500
    assert pd.read_csv(target).id.tolist() == rows.tail(500).id.tolist()
    with pytest.raises(errors.Unsupported, match="performance was left out"):
        yard.evaluations.slices(id=skipped.id, by="age")
    with pytest.raises(errors.Unsupported, match="keeps no rows"):
        yard.evaluations.sample(id=skipped.id, output=target, part="reference")


def test_columns_are_looked_at_as_they_are_asked_to_be(yard, written, rows):
    before, after = written(rows.head(1000), "a.csv"), written(rows.tail(500), "b.csv")
    handling = {"id": "excluded", "age": "categorical", "truth": "excluded"}
    asked = {"dataset": after, "reference": before, "store": "other", "handling": handling}
    found = yard.evaluations.standalone(**asked)
    assert (found.handling, found.features) == (
        handling,
        ("age", "fare", "weight", "kind", "delay"),
    )
    [line] = yard.drift.list(evaluation=found.id)
    for report in (
        yard.drift.show(id=line.id),
        yard.drift.compute(current=found.id, reference=before),
    ):
        kinds = {each.name: each.kind for each in report.columns}
        assert kinds.keys() == {*found.features}
        assert (kinds["age"], kinds["fare"]) == ("categorical", "numeric")
        assert report.global_.accuracy.value < 0.7, "the rows' numbers tell the sides apart"
    again = yard.drift.compute(
        current=found.id, reference=before, columns=["id", "age"], handling={"age": "numeric"}
    )
    assert {each.name: each.kind for each in again.columns} == {"id": "numeric", "age": "numeric"}
    scored = yard.evaluations.run(
        model="late", dataset=after, store="other", handling={"fare": "excluded"}
    )
    assert scored.features == ("age", "fare")
    later = yard.evaluations.run(
        model="late", dataset=before, store="other", handling={"fare": "excluded"}
    )
    [line] = yard.drift.list(evaluation=later.id)
    columns = yard.drift.show(id=line.id).columns
    assert {each.name: bool(each.tests) for each in columns} == {"age": True, "fare": False}
    every = dict.fromkeys(rows.columns, "excluded")
    for odd, said in (({"gone": "text"}, "'gone'"), (every, "leaves out all columns")):
        with pytest.raises(errors.Invalid, match=said):
            yard.evaluations.standalone(dataset=after, handling=odd)


def test_an_id_is_taken_again_in_its_store_only(yard, file):
    asked = {"model": "late", "dataset": file(), "skip_scoring": True, "id": "again_1"}
    first = yard.evaluations.run(**asked, store="other", label={"a": "1"})
    second = yard.evaluations.run(**asked, store="other", label={"b": "2"})
    found = yard.evaluations.show(id="again_1")
    assert found == second
    assert (found.labels["b"], "a" in found.labels, first.id) == ("2", False, "again_1")
    with pytest.raises(errors.Conflict, match="in the store 'other'"):
        yard.evaluations.run(**asked, store="monthly")
    for odd in ("Again", "a-b", "x" * 33, ""):
        with pytest.raises(errors.Invalid, match="small letters"):
            yard.evaluations.run(**{**asked, "id": odd})


def test_metrics_from_elsewhere(yard):
    found = yard.evaluations.add(
        store="monthly", metric={"profit": 12.5, "returns": 3}, meaning={"profit": "In thousands"},
        lower_is_better=["returns"], model="late", version="v1", label={"month": "3"},
    )  # fmt: skip
    assert (found.kind, metrics_of(found)) == ("custom", {"profit": 12.5, "returns": 3})
    assert [each.greater_is_better for each in found.custom_metrics] == [True, False]
    (line,) = yard.evaluations.list(store="monthly", label={"month": "3"})
    assert (line.metric, line.value, line.kind) == ("profit", 12.5, "custom")
    with pytest.raises(errors.Unsupported):
        yard.evaluations.slices(id=found.id, by="age")


def test_evaluations_of_a_store_outlive_their_version(yard, file, imported):
    source = str(imported / "late")
    yard.models.create(name="brief", prediction_type="binary_classification")
    yard.versions.import_(
        model="brief", version="v1", source=source, env="local", classes=("no", "yes"),
        target="truth",
    )  # fmt: skip
    asked = {"model": "brief", "dataset": file(), "skip_scoring": True}
    inside, outside = yard.evaluations.run(**asked, store="other"), yard.evaluations.run(**asked)
    yard.models.delete(name="brief", force=True)
    assert yard.evaluations.show(id=inside.id) == inside
    assert yard.evaluations.slices(id=inside.id, by="age").column == "age"
    with pytest.raises(errors.NotFound):
        yard.evaluations.show(id=outside.id)
    with pytest.raises(errors.NotFound, match="brief"):
        yard.evaluations.importance(id=inside.id)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"store": "weekly"}, "no evaluation store 'weekly'; there are: monthly"),
        ({"label": {"month": "${year}"}}, "label 'month'.*stands for nothing"),
        ({"label": {"month": ""}}, "such as month=2"),
        ({"label": {"a=b": "1"}}, "without '='"),
        ({"metrics": ["auk"], "metrics_output": "m.csv"}, "no metric 'auk'"),
        ({"prediction": "p", "skip_scoring": False}, "give --skip-scoring"),
        ({"prediction": "p"}, "'p'"),
        ({"probabilities": {"no": "proba_no"}}, "'yes' has no column"),
        ({"probabilities": {"no": "proba_no", "yes": "kind"}}, "probabilities are numbers"),
        ({"probabilities": {"no": "x", "maybe": "y"}}, "'maybe' is no class"),
        ({"prediction": "kind"}, "labels that late does not know"),
        ({"output": "rows.txt"}, "ending"),
    ],
)
def test_what_does_not_fit_is_refused(yard, file, asked, said):
    asked = {"skip_scoring": True} | asked
    with pytest.raises(errors.ModelyardError, match=said):
        yard.evaluations.run(model="late", dataset=file(), **asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"prediction": "prediction"}, "Give --prediction-type"),
        ({"prediction_type": "binary_classification", "target": "truth"}, "--prediction or"),
        (
            {"prediction_type": "binary_classification", "prediction": "kind"},
            "two classes, and there are: 'early', 'late', 'on_time'",
        ),
        (
            {"prediction_type": "multiclass", "prediction": "kind", "classes": ["early", "late"]},
            "does not know: 'on_time'",
        ),
        (
            {
                "prediction_type": "binary_classification",
                "probabilities": {"a": "proba_no", "b": "proba_yes"},
                "classes": ["no", "yes"],
            },
            "not of the same classes",
        ),
        ({"prediction_type": "regression", "prediction": "kind"}, "not numbers"),
        ({"prediction_type": "regression", "prediction": "gone"}, "'gone'"),
        ({"prediction_type": "regression", "classes": ["a"], "prediction": "fare"}, "--classes"),
        ({"reference": "gone.csv"}, "gone.csv"),
    ],
)
def test_what_cannot_stand_alone_is_refused(yard, file, asked, said):
    with pytest.raises(errors.ModelyardError, match=said):
        yard.evaluations.standalone(dataset=file(), **asked)


def test_a_dataset_that_holds_no_metrics_gets_no_row(yard, file, tmp_path):
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    with pytest.raises(errors.Invalid, match="no dataset of metrics"):
        yard.evaluations.run(
            model="late", dataset=file(), skip_scoring=True,
            metrics_output=str(tmp_path / "mine.csv"),
        )  # fmt: skip
    assert (tmp_path / "mine.csv").read_text() == "a,b\n1,2\n"


def test_few_rows_are_kept_as_they_are_and_others_drawn(tmp_path, monkeypatch):
    file, target = tmp_path / "a.parquet", tmp_path / "b.parquet"
    values = np.random.default_rng(1).random(5000)
    pq.write_table(pa.table({"at": range(5000), "x": values}), file, row_group_size=700)
    assert not draw_for_drift(file, target, rows=5000, seed=0)
    assert not draw_for_drift(file, target, rows=0, seed=0)
    assert draw_for_drift(file, target, rows=1000, seed=0)
    first = pq.read_table(target)
    assert first.num_rows == 1000
    assert first["at"].to_pylist() == sorted(set(first["at"].to_pylist()))
    assert first["x"].to_pylist() == values[first["at"].to_numpy()].tolist()
    assert draw_for_drift(file, target, rows=1000, seed=1)
    assert pq.read_table(target) != first
    monkeypatch.setattr(drift_sample, "MOST_BYTES", 10_000)
    assert draw_for_drift(file, target, rows=5000, seed=0)
    assert target.stat().st_size <= 10_000
