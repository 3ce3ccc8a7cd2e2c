"""What is evaluated, kept, listed, deleted; and what is refused before anything is scored."""

from __future__ import annotations

import shutil
from contextlib import closing

import numpy as np
import pyarrow.parquet as pq
import pytest

import modelyard
from modelyard import errors
from modelyard.evaluations.keeping import SAMPLE
from modelyard.evaluations.repository import files_of


@pytest.fixture(scope="module")
def yard(imported, tmp_path_factory):
    """A workspace of this module's own, whose evaluations and files can be counted."""
    folder = tmp_path_factory.mktemp("counted")
    shutil.copytree(imported, folder, dirs_exist_ok=True)
    with closing(modelyard.open(folder / "yard")) as yard:
        yield yard


def test_the_scored_rows_are_kept_with_all_their_columns(yard, evaluate, rows):
    found = evaluate(rows)
    with yard.open().artifacts.open(found.sample) as file:
        kept = pq.read_table(file)
    assert kept.column_names[:7] == list(rows.columns)
    assert set(kept.column_names[7:]) == {"prediction", "proba_no", "proba_yes"}
    assert kept["fare"].to_pylist() == rows.fare.tolist()
    assert found.truth_column == "truth"


def test_columns_that_are_called_like_predictions(evaluate, rows):
    named = rows.rename(columns={"truth": "prediction", "weight": "proba_no"})
    found = evaluate(named, target="prediction", weights="proba_no")
    plain = evaluate(rows, weights="weight")
    assert (found.truth_column, found.weights_column) == ("input_prediction", "input_proba_no")
    assert found.metrics == plain.metrics


def test_a_sample_is_drawn_and_the_same_each_time(yard, rows, written):
    file = written(rows)
    sampled = {"method": "random_count", "rows": 400, "seed": 3}
    first = yard.evaluations.run(model="late", dataset=file, **sampled)
    again = yard.evaluations.run(model="late", dataset=file, **sampled)
    other = yard.evaluations.run(model="late", dataset=file, **{**sampled, "seed": 4})
    assert first.rows == 400
    assert first.metrics == again.metrics != other.metrics
    assert first.sampling.model_dump(include=sampled.keys()) == sampled
    assert first.fingerprint == other.fingerprint


def test_nothing_is_left_where_rows_pass(yard, rows, written):
    yard.evaluations.run(model="late", dataset=written(rows), method="first", rows=100)
    assert yard.files.list() == []
    assert not [path for path in (yard.folder / "staging").rglob("*") if path.is_file()]


def test_a_model_that_fails_leaves_nothing(yard, rows, written):
    odd = rows.copy()
    odd.loc[2000, "age"] = -1
    before = len(yard.evaluations.list())
    with pytest.raises(errors.ModelyardError, match=r"row 2000 of .*nobody is younger than 0"):
        yard.evaluations.run(model="frail", dataset=written(odd))
    assert len(yard.evaluations.list()) == before
    assert yard.files.list() == []


def test_lists_are_narrowed(yard, rows, written):
    file = written(rows, "narrow.csv")
    late = yard.evaluations.run(model="late", dataset=file)
    labels = yard.evaluations.run(model="labels", dataset=file)
    assert [each.id for each in yard.evaluations.list(dataset=file)] == [labels.id, late.id]
    [line] = yard.evaluations.list(dataset=file, model="late", version="v1")
    assert (line.metric, line.value) == ("auc", late.metrics["auc"].value)
    assert yard.evaluations.list(dataset=file, version="v2") == []
    assert yard.evaluations.show(id=late.id) == late


def test_a_deleted_one_is_gone_with_its_files(yard, rows, written):
    mine = rows.assign(id=rows.id + 7)
    found = yard.evaluations.run(model="late", dataset=written(mine))
    with yard.open().read() as db:
        files = files_of(db, found)
    artifacts = yard.open().artifacts
    assert all(map(artifacts.has, files.values()))
    yard.evaluations.delete(id=found.id)
    assert not artifacts.has(files[SAMPLE])
    for ask in (yard.evaluations.show, yard.evaluations.delete):
        with pytest.raises(errors.NotFound, match="evaluations list"):
            ask(id=found.id)


def test_the_same_rows_twice_are_kept_once_and_go_with_the_last(yard, rows, written):
    mine = rows.assign(id=rows.id + 11)
    first = yard.evaluations.run(model="late", dataset=written(mine))
    second = yard.evaluations.run(model="late", dataset=written(mine), threshold=0.9)
    assert first.sample == second.sample
    yard.evaluations.delete(id=first.id)
    assert yard.open().artifacts.has(second.sample)
    assert yard.evaluations.screen(id=second.id, screen="confusion", threshold=0.5).content
    yard.evaluations.delete(id=second.id)
    assert not yard.open().artifacts.has(second.sample)


def test_they_go_with_their_version(yard, imported, rows, written):
    yard.models.create(name="short", prediction_type="binary_classification")
    source = str(imported / "late")
    asked = {"classes": ("no", "yes"), "target": "truth", "env": "local"}
    yard.versions.import_(model="short", version="v1", source=source, **asked)
    mine = rows.assign(id=rows.id + 13)
    found = yard.evaluations.run(model="short", dataset=written(mine))
    yard.versions.delete(model="short", versions=("v1",), force=True)
    assert yard.evaluations.list(model="short") == []
    assert not yard.open().artifacts.has(found.sample)
    yard.models.delete(name="short", force=True)


def unknown(rows):
    named = np.select([rows.id < 3, rows.id == 3], ["perhaps", "once"], rows.truth)
    return rows.assign(truth=named)


@pytest.mark.parametrize(
    ("change", "asked", "said"),
    [
        (None, {"model": "lete"}, "late"),
        (None, {"target": "trueth"}, "truth"),
        (None, {"target": "fare"}, "one of the model's inputs"),
        (None, {"weights": "kind"}, "not numbers"),
        (None, {"weights": "wait"}, "wait"),
        (None, {"positive": "maybe"}, "'no' and 'yes'"),
        (None, {"threshold": 0.5, "optimise": "f1"}, "one of them"),
        (None, {"threshold": 1.5}, "threshold"),
        (None, {"method": "first"}, "--rows"),
        (None, {"model": "kinds", "target": "kind", "threshold": 0.5}, "binary classification"),
        (None, {"model": "labels", "optimise": "f1"}, "labels only"),
        (unknown, {}, "'perhaps' (3 rows), 'once' (1 row)"),
        (lambda rows: rows.assign(truth=None), {}, "no row"),
        (lambda rows: rows.drop(columns="fare"), {}, "'fare' is missing"),
    ],
)
def test_what_cannot_be_evaluated(yard, rows, written, change, asked, said):
    file = written(rows if change is None else change(rows))
    before = len(yard.evaluations.list())
    with pytest.raises(errors.ModelyardError) as refused:
        yard.evaluations.run(**{"model": "late", "dataset": file, **asked})
    assert said in str(refused.value)
    assert len(yard.evaluations.list()) == before
    assert yard.files.list() == []


def test_a_version_that_names_no_target(yard, imported, rows, written):
    yard.models.create(name="mute", prediction_type="binary_classification")
    source = str(imported / "late")
    yard.versions.import_(
        model="mute", version="v1", source=source, classes=("no", "yes"), env="local"
    )
    file = written(rows)
    with pytest.raises(errors.Invalid, match="--target COLUMN"):
        yard.evaluations.run(model="mute", dataset=file)
    assert yard.evaluations.run(model="mute", dataset=file, target="truth").target == "truth"


def test_screens_that_are_not_there(yard, evaluate, rows):
    found = evaluate(rows)
    with pytest.raises(errors.NotFound, match="it has: confusion, decision, roc"):
        yard.evaluations.screen(id=found.id, screen="rock")
    with pytest.raises(errors.Invalid, match="confusion"):
        yard.evaluations.screen(id=found.id, screen="roc", threshold=0.4)
    labels = evaluate(rows, "labels")
    with pytest.raises(errors.Invalid, match="no threshold"):
        yard.evaluations.screen(id=labels.id, screen="confusion", threshold=0.4)
