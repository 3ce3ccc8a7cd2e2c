"""The main job by Python, with its rows in SQLite and in PostgreSQL."""

from __future__ import annotations

import threading

import pyarrow.parquet as pq
import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield yard
    yard.close()


def test_import_score_and_delete(yard, tmp_path):
    yard.models.create(name="churn", prediction_type="binary_classification")
    source = str(write_model(tmp_path / "plain"))
    version = yard.versions.import_(model="churn", version="v1", source=source, classes=(0, 1))
    assert version.active
    assert version.imported_by == "tester"
    assert version.golden.rows >= 1
    (tmp_path / "rows.csv").write_text("age,fare\n40,1\n20,1\n")
    run = yard.scoring.run(
        model="churn", input=str(tmp_path / "rows.csv"), output=str(tmp_path / "out.parquet")
    )
    assert (run.rows, run.rejected) == (2, 0)
    assert pq.read_table(tmp_path / "out.parquet")["prediction"].to_pylist() == [1, 0]
    assert [found.id for found in yard.scoring.list()] == [run.id]
    assert yard.versions.verify(model="churn").passed
    yard.models.delete(name="churn", force=True)
    assert yard.models.list() == []
    assert [path for path in (tmp_path / "yard" / "artifacts").rglob("*") if path.is_file()] == []


def test_versions_share_files_until_the_last_is_gone(yard, tmp_path):
    yard.models.create(name="churn", prediction_type="binary_classification")
    source = str(write_model(tmp_path / "plain"))
    for name in ("v1", "v2"):
        yard.versions.import_(model="churn", version=name, source=source, classes=(0, 1))
    yard.versions.delete(model="churn", versions=("v1",))
    assert yard.versions.verify(model="churn", version="v2").passed


def test_only_one_of_two_imports_at_once_wins(yard, tmp_path):
    yard.models.create(name="churn", prediction_type="binary_classification")
    sources = [str(write_model(tmp_path / f"model-{n}")) for n in range(2)]
    ends = []

    def work(source: str) -> None:
        try:
            ends.append(
                yard.versions.import_(
                    model="churn", version="v1", source=source, classes=(0, 1)
                ).version
            )
        except errors.Conflict as exc:
            ends.append(exc.code)

    threads = [threading.Thread(target=work, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["conflict", "v1"]
    assert yard.versions.verify(model="churn", version="v1").passed


def test_models_are_listed_as_asked(yard, tmp_path):
    for name, kind in (("b", "regression"), ("a", "regression"), ("c", "multiclass")):
        yard.models.create(name=name, prediction_type=kind, description=f"what {name} is for")
    model = write_model(tmp_path / "model")
    made = yard.versions.import_(model="b", version="v1", source=str(model), env="local")
    assert [each.name for each in yard.models.list()] == ["a", "b", "c"]
    whole = yard.models.list(sort="changed")
    assert [each.name for each in whole] == ["b", "c", "a"]
    assert [each.flavor for each in whole] == [made.probe.loaded.flavor, None, None]
    assert [each.changed for each in whole] == [made.imported, whole[1].created, whole[2].created]
    first = yard.models.list(sort="changed", limit=1)
    assert [*first, *yard.models.list(sort="changed", after=first.next)] == whole
    assert [each.name for each in yard.models.list(prediction_type="multiclass")] == ["c"]
    (version,) = yard.versions.list(model="b")
    assert version.imported_by == made.imported_by


def test_projects_are_apart(yard):
    yard.projects.create(key="other", description="elsewhere")
    yard.models.create(name="churn", prediction_type="regression")
    yard.models.create(name="churn", prediction_type="multiclass", project="other")
    assert [model.prediction_type for model in yard.models.list(project="other")] == ["multiclass"]
    with pytest.raises(errors.Conflict, match="already"):
        yard.projects.create(key="other")
    with pytest.raises(errors.NotFound, match="there are: other"):
        yard.models.list(project="nowhere")
    assert yard.projects.show(key="other").description == "elsewhere"
    assert [project.key for project in yard.projects.list()] == ["default", "other"]
