"""Drift of evaluations: of their rows and predictions, and what lands in a store with its drift."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from markupsafe import escape
from sqlalchemy import select
from tests.rooms.evaluations.test_reporting import Reader

import modelyard
from modelyard import errors
from modelyard.analysis.names import OF_DRIFT
from modelyard.evaluations.commands import RunEvaluation
from modelyard.evaluations.comparing.resolving import own_evaluation
from modelyard.evaluations.drifting import profiling
from modelyard.evaluations.labelling import labels_of
from modelyard.evaluations.storing.reference import reference_for
from modelyard.store.tables import drift_reports, evaluation_files


@pytest.fixture(scope="module")
def yard(imported, tmp_path_factory):
    """A workspace of this module's own, with a store."""
    folder = tmp_path_factory.mktemp("stored")
    shutil.copytree(imported, folder, dirs_exist_ok=True)
    with closing(modelyard.open(folder / "yard")) as yard:
        yard.stores.create(name="monthly")
        yield yard


@pytest.fixture(scope="module")
def months(yard, rows, tmp_path_factory):
    """Evaluations of June, in no store, and of October, in it: fares rose, and tell less."""
    folder = tmp_path_factory.mktemp("months")
    draw = np.random.default_rng(8)
    later = rows.assign(fare=np.minimum(rows.fare + 25, 100))
    later["truth"] = np.where(draw.random(len(rows)) < 0.3, "yes", "no")
    files = {}
    for name, frame in (("june", rows), ("october", later)):
        files[name] = str(folder / f"{name}.csv")
        frame.to_csv(files[name], index=False)
    june = yard.evaluations.run(model="late", dataset=files["june"])
    yard.evaluations.importance(id=june.id, rows=300, repeats=1)
    october = yard.evaluations.run(model="late", dataset=files["october"], store="monthly")
    return june, october, files


def test_an_evaluation_in_a_store_has_its_drift_as_metrics(yard, months):
    june, october, _ = months
    assert not OF_DRIFT & june.metrics.keys()
    found = {code: october.metrics[code] for code in OF_DRIFT & october.metrics.keys()}
    assert found.keys() == {
        *("dataDrift", "dataDriftPValue", "predictionDrift", "predictionDriftPValue"),
        "expectedAuc",
    }
    assert 0.5 < found["dataDrift"].low < found["dataDrift"].value < found["dataDrift"].high
    assert found["dataDriftPValue"].value < 0.001
    assert found["predictionDrift"].value > 0.2
    assert yard.evaluations.show(id=october.id).metrics == october.metrics


def test_its_report_is_kept(yard, months):
    june, october, _ = months
    [line] = yard.drift.list(evaluation=october.id)
    report = yard.drift.show(id=line.id)
    assert (report.reference.evaluation, report.current.evaluation) == (june.id, october.id)
    assert (report.model, report.version) == ("late", "v1")
    assert {each.name: each.outcome for each in report.columns} == {
        "age": "stable",
        "fare": "drifted",
    }
    importance = {each.name: each.model_importance for each in report.columns}
    assert importance["fare"] > 0.9 > importance["age"]
    [auc] = [each for each in report.performance.metrics if each.code == "auc"]
    assert (auc.reference, auc.change) == (june.metrics["auc"], "worse")
    assert auc.current.value == pytest.approx(october.metrics["auc"].value)
    realised = {each.code: each.value for each in report.expected.realised}
    assert realised["auc"] == auc.current.value
    assert report.why.code == "logLoss"
    assert report.why.relation.low > 0
    change = report.why.current - report.why.reference
    assert report.why.mix.value + report.why.relation.value == pytest.approx(change)
    assert line.outcome == "drifted"
    assert line.headline.startswith("The model ranks the rows of october.csv worse than those of")


def test_the_same_is_told_of_datasets_that_are_scored(yard, months):
    _, october, files = months
    report = yard.drift.compute(
        reference=files["june"], current=files["october"], model="late", version="v1"
    )
    [line] = yard.drift.list(evaluation=october.id)
    stored = yard.drift.show(id=line.id)
    assert not report.predictions.by_profile
    assert report.predictions.shares == stored.predictions.shares
    for exact, near in zip(report.predictions.tests, stored.predictions.tests, strict=True):
        assert near.statistic == pytest.approx(exact.statistic, abs=0.002)
    assert report.performance == stored.performance
    assert report.global_ == stored.global_
    assert yard.files.list() == []


def test_a_version_has_the_reference_that_it_is_given(yard, months):
    june, october, files = months
    context, of = yard.open(), {"model": "late", "version": "v1"}

    def seen():
        with context.read() as db:
            own, _ = own_evaluation(db, "default", "late", "v1")
        shown = yard.versions.show(**of)
        reference = reference_for(context, later).evaluation.id
        return shown.reference_evaluation, shown.reference_deleted, reference, own.id

    later = yard.evaluations.run(**of, dataset=files["october"], method="first", rows=100)
    assert seen() == (None, False, june.id, june.id)
    yard.versions.update(**of, reference_evaluation=october.id)
    assert seen() == (october.id, False, october.id, october.id)
    other = yard.evaluations.run(model="labels", dataset=files["june"], method="first", rows=100)
    custom = yard.evaluations.add(store="monthly", metric={"profit": 1}, **of)
    for odd, kind, said in (
        ("gone", errors.NotFound, "no evaluation 'gone'"),
        (other.id, errors.Invalid, "is not of version v1 of late"),
        (custom.id, errors.Invalid, "of other files|keeps no rows"),
    ):
        with pytest.raises(kind, match=said):
            yard.versions.update(**of, reference_evaluation=odd)
    short = yard.evaluations.run(**of, dataset=files["june"], method="first", rows=100)
    yard.versions.update(**of, reference_evaluation=short.id)
    yard.evaluations.delete(id=short.id)
    assert seen() == (short.id, True, june.id, june.id)
    yard.versions.update(**of, reference_evaluation=None)
    assert seen() == (None, False, june.id, june.id)
    yard.evaluations.delete(id=custom.id)


def test_labels_name_the_data_of_training_and_testing_and_what_the_model_was_logged_with(
    yard, months
):
    june, october, files = months
    assert june.labels["testDataset:dataset-name"] == files["june"]
    assert october.labels["testDataset:dataset-name"] == files["june"]
    assert "trainDataset:dataset-name" not in october.labels
    version = yard.versions.show(model="late", version="v1")
    lineage = {"train_dataset": "flights", "test_dataset": "holdout"}
    logged = {
        "team": "blue", "rate": 0.5, "live": True, "model:name": "x", "deep": {"a": 1}, "a=b": "c",
        "empty": "", "month": "1", "long": "x" * 1000,
    }  # fmt: skip
    version = version.model_copy(
        update={
            "lineage": version.lineage.model_copy(update=lineage),
            "model_file": version.model_file.model_copy(update={"metadata": logged}),
        }
    )
    asked = {"model": "late", "dataset": "rows.csv", "label": {"month": "2"}}
    told = labels_of(yard.open(), RunEvaluation(project="default", **asked), version)
    assert {key: each for key, each in told.items() if ":" not in key} == {
        "team": "blue", "rate": "0.5", "live": "true", "month": "2",
    }  # fmt: skip
    assert told["model:name"] == "v1"
    assert told["trainDataset:dataset-name"] == "flights"
    assert told["testDataset:dataset-name"] == "holdout"


def test_without_a_truth_the_same_performance_is_to_be_expected(yard, months):
    june, october, files = months
    unknown = yard.evaluations.run(model="late", dataset=files["october"], skip_performance=True)
    report = yard.drift.compute(reference=june.id, current=unknown.id)
    assert report.expected.realised == ()
    [auc] = [each for each in report.expected.metrics if each.code == "auc"]
    assert auc.value == pytest.approx(october.metrics["expectedAuc"].value)
    assert "is not known" in report.performance.reason
    report = yard.drift.compute(reference=files["june"], current=unknown.id, target="truth")
    codes = {each.code for each in report.expected.metrics}
    assert {"auc", "accuracy"} <= codes, report.expected.reason


def test_windows_are_compared_with_a_profile_that_is_made_once(yard, months, monkeypatch):
    june, october, files = months
    [line] = yard.drift.list(evaluation=october.id)
    report = yard.drift.show(id=line.id)
    assert report.predictions.by_profile
    assert all(column.by_profile for column in report.columns)
    by_rows = yard.drift.compute(reference=june.id, current=october.id)
    assert not any(column.by_profile for column in by_rows.columns)
    for near, exact in zip(report.columns, by_rows.columns, strict=True):
        assert (near.outcome, near.why, near.shares) == (exact.outcome, exact.why, exact.shares)
    yard.drift.delete(id=by_rows.id)
    kept = profiles_kept(yard, june)
    assert len(kept) == 2
    assert profiles_kept(yard, october) == {}
    monkeypatch.setattr(profiling, "profiles_of", None)
    monkeypatch.setattr(profiling, "profile_of_predictions", None)
    again = yard.evaluations.run(model="late", dataset=files["october"], store="monthly")
    assert again.metrics["predictionDrift"] == october.metrics["predictionDrift"]
    assert profiles_kept(yard, june) == kept
    yard.evaluations.delete(id=again.id)


def test_a_profile_is_made_anew_where_rows_are_looked_at_otherwise(yard, months, monkeypatch):
    june, _, files = months
    before = profiles_kept(yard, june)
    monkeypatch.setattr(profiling, "FORM", profiling.FORM + 1)
    other = yard.evaluations.run(
        model="late", dataset=files["october"], store="monthly", threshold=0.7
    )
    [line] = yard.drift.list(evaluation=other.id)
    assert yard.drift.show(id=line.id).predictions.by_profile
    after = profiles_kept(yard, june)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    assert not any(map(yard.open().artifacts.has, before.values()))
    yard.evaluations.delete(id=other.id)


KILLED = """
import os, sys
import modelyard
from modelyard.evaluations import keeping
from modelyard.evaluations.drifting import repository

place, function = {"in the transaction": (repository, "add"), "after it": (keeping, "collect")}[
    sys.argv[3]
]
was = getattr(place, function)

def dies(*given):
    was(*given)
    os.kill(os.getpid(), 9)

setattr(place, function, dies)
yard = modelyard.open(sys.argv[1])
yard.evaluations.standalone(dataset=sys.argv[2], store="killed")
"""


@pytest.mark.parametrize(("when", "evaluations"), [("in the transaction", 1), ("after it", 2)])
def test_a_killed_process_keeps_an_evaluation_with_its_report_or_neither(
    yard, rows, tmp_path, when, evaluations
):
    yard.stores.create(name="killed")
    file = str(tmp_path / "rows.csv")
    rows[["age", "fare"]][:200].to_csv(file, index=False)
    yard.evaluations.standalone(dataset=file, store="killed")
    died = subprocess.run(
        [sys.executable, "-c", KILLED, yard.folder, file, when], check=False, capture_output=True
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    listed = yard.evaluations.list(store="killed")
    assert len(listed) == evaluations
    assert [len(yard.drift.list(evaluation=each.id)) for each in listed] == [1, 0][
        2 - evaluations :
    ]
    again = yard.evaluations.standalone(dataset=file, store="killed")
    assert len(yard.drift.list(evaluation=again.id)) == 1
    assert list((yard.folder / "staging").iterdir()) == []
    yard.stores.delete(name="killed")


def profiles_kept(yard, evaluation):
    """The digests of profiles among the files of an evaluation."""
    of = evaluation_files.c
    with yard.open().read() as db:
        found = db.execute(select(of.name, of.sha256).where(of.evaluation == evaluation.id))
        return {row.name: row.sha256 for row in found if row.name.startswith("profile-")}


def test_a_metric_of_drift_is_none_to_be_permuted(yard, months):
    with pytest.raises(errors.Invalid, match="dataDrift"):
        yard.evaluations.importance(id=months[1].id, metric="dataDrift")


def test_predictions_of_another_type_give_a_reason(yard, months, rows, tmp_path):
    file = tmp_path / "delays.csv"
    rows.assign(truth=rows.delay).to_csv(file, index=False)
    minutes = yard.evaluations.run(model="minutes", dataset=str(file))
    report = yard.drift.compute(reference=minutes.id, current=months[0].id)
    assert "are of type regression" in report.predictions.reason
    assert report.performance.reason == report.predictions.reason == report.expected.reason
    assert {each.outcome for each in report.columns} == {"stable"}
    assert "Predictions were not compared" in " ".join(report.verdict.details)


def test_drift_that_cannot_be_computed_is_noted_or_lets_it_fail(yard, months, rows, tmp_path):
    file = str(tmp_path / "few.csv")
    rows[:20].to_csv(file, index=False)
    asked = {"model": "late", "dataset": file, "store": "monthly"}
    with pytest.raises(errors.Unsupported, match="50 are the least"):
        yard.evaluations.run(**asked, drift="fail")
    noted = yard.evaluations.run(**asked)
    assert "50 are the least" in noted.metrics["dataDrift"].reason
    skipped = yard.evaluations.run(**asked, drift="skip")
    assert not OF_DRIFT & skipped.metrics.keys()
    assert yard.drift.list(evaluation=skipped.id) == []


def test_a_store_is_reported_with_its_drift_and_checks(yard, months, tmp_path):
    _, october, _ = months
    hostile = "<script>alert(1)</script>"
    yard.evaluations.label(id=october.id, labels={"team": hostile})
    yard.checks.create(store="monthly", name="good", kind="range", metric="auc", min=0.99)
    yard.checks.run(store="monthly", evaluation=october.id, fail_on="never")
    file = tmp_path / "store.html"
    told = yard.stores.report(name="monthly", output=str(file))
    text = file.read_text("utf-8")
    inside = {each.id: each.name for each in yard.evaluations.list(store="monthly")}
    reported = inside.keys() & {each.evaluation for each in yard.drift.list()}
    assert told.metrics == ("auc", "averagePrecision", "logLoss", "dataDrift")
    assert (told.evaluations, told.drift, told.checks) == (len(inside), len(reported), 1)
    assert told.workbenches == min(3, len(inside))
    assert told.size == len(text.encode()) < 1_000_000
    read = Reader(text)
    assert read.tags["svg"] == len(told.metrics)
    assert read.headings == [
        *("Evaluation store monthly", "Evaluations", "ROC AUC", "Average precision", "Log loss"),
        *("Data drift", "Thresholds and costs", *list(inside.values())[:3], "Drift", "Checks"),
    ]
    assert "://" not in text
    assert not {"img", "link"} & read.tags.keys()
    assert read.tags["script"] == 1 + told.workbenches
    assert escape(hostile) in text
    for code in told.metrics:
        figure = october.metrics[code]
        assert (
            f"<td>{figure.value:.3f}</td><td>{figure.low:.3f}</td><td>{figure.high:.3f}</td>"
            in text
        )
    [line] = yard.drift.list(evaluation=october.id)
    history = yard.stores.history(name="monthly", metric="auc")
    expected = [each.expected for each in history.points if each.expected is not None]
    assert expected
    for value in expected:
        assert f"<td>{value:.3f}</td></tr>" in text
    [check] = yard.checks.list(store="monthly")
    for sentence in (line.headline, check.message, history.verdict and history.verdict.words):
        assert sentence is None or str(escape(sentence)) in text


def test_a_report_of_a_store_that_cannot_be_written_says_why(yard, months, tmp_path):
    file = tmp_path / "store.html"
    file.touch()
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.stores.report(name="monthly", output=str(file))
    with pytest.raises(errors.Invalid, match=r"not written as \.pdf"):
        yard.stores.report(name="monthly", output=str(tmp_path / "store.pdf"))
    with pytest.raises(errors.NotFound, match="acu"):
        yard.stores.report(name="monthly", output=str(tmp_path / "none.html"), metrics=("acu",))
    yard.stores.create(name="nothing")
    none = yard.stores.report(name="nothing", output=str(file), replace=True)
    assert (none.evaluations, none.metrics, none.drift, none.checks) == (0, (), 0, 0)
    assert "There is no evaluation in it" in file.read_text("utf-8")


def test_reports_go_with_their_evaluation(yard, months):
    october = months[1]
    [line] = yard.drift.list(evaluation=october.id)
    of = drift_reports.c
    with yard.open().read() as db:
        digest = db.scalar(select(of.sha256).where(of.id == line.id))
    assert yard.open().artifacts.has(digest)
    yard.evaluations.delete(id=october.id)
    assert not yard.open().artifacts.has(digest)
    with pytest.raises(errors.NotFound):
        yard.drift.show(id=line.id)
