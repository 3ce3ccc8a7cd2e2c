"""A few rows at once: the same answers as a scoring gives, from a version that stays loaded."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pandas as pd
import psutil
import pytest

import modelyard
from modelyard import errors

pytestmark = pytest.mark.usefixtures("started_processes")


@pytest.fixture(scope="module")
def asked(imported):
    """A workspace that answers; its models stay loaded for the module."""
    yard = modelyard.open(imported)
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def rows(models):
    """The first people as JSON."""
    return pd.read_parquet(models / "people.parquet").head(20).to_dict(orient="records")


def test_answers_are_those_of_the_model(asked, models, rows):
    found = asked.scoring.predict(model="churn", rows=rows)
    expected = pd.read_parquet(models / "churn.expected.parquet").head(20)
    answers = pd.DataFrame([row.output for row in found.rows])
    pd.testing.assert_frame_equal(answers, expected, check_like=True)
    assert (found.model, found.version, found.mode) == ("churn", "v1", "restructured")


def test_an_example_can_be_asked(asked):
    for model in ("churn", "wide", "careful"):
        example = asked.versions.example(model=model, rows=2)
        found = asked.scoring.predict(model=model, rows=example.rows)
        assert len(found.rows) == len(example.rows) > 0
        assert all(row.output for row in found.rows)


def test_options_are_those_of_scoring(asked, rows):
    sure = asked.scoring.predict(model="churn", rows=rows, threshold=1)
    assert {row.output["prediction"] for row in sure.rows} == {"no"}
    direct = asked.scoring.predict(model="churn", rows=rows, mode="direct")
    assert all(len(row.output) == 1 for row in direct.rows)
    with pytest.raises(errors.Invalid, match="restructured"):
        asked.scoring.predict(model="churn", rows=rows, mode="direct", threshold=0.5)


def test_a_missing_column_is_named(asked, rows):
    with pytest.raises(errors.Invalid, match="'plan' is missing"):
        asked.scoring.predict(
            model="churn", rows=[{k: v for k, v in row.items() if k != "plan"} for row in rows]
        )


def test_rows_without_any_column_are_refused(asked):
    with pytest.raises(errors.Invalid, match="name no column"):
        asked.scoring.predict(model="churn", rows=[{}, {}])


def test_what_is_no_number_is_refused(asked, rows):
    with pytest.raises(errors.Invalid, match="age"):
        asked.scoring.predict(model="churn", rows=[{**rows[0], "age": "old"}])


def test_refused_rows_can_be_skipped(asked):
    found = asked.scoring.predict(
        model="careful", rows=[{"x": 1.0}, {"x": -1.0}, {"x": 2.0}], on_error="skip"
    )
    assert [row.output is None for row in found.rows] == [False, True, False]
    assert found.rows[1].problem
    with pytest.raises(errors.ModelyardError):
        asked.scoring.predict(model="careful", rows=[{"x": -1.0}])


def test_the_model_is_loaded_once(asked, rows):
    first = asked.scoring.predict(model="churn", rows=rows)
    before = _workers()
    with ThreadPoolExecutor(4) as threads:
        found = list(
            threads.map(lambda _: asked.scoring.predict(model="churn", rows=rows), range(8))
        )
    assert all(each.rows == first.rows for each in found)
    assert _workers() == before


def test_another_interpretation_is_tried_on_the_model_that_stays_loaded(workspace, rows):
    with closing(modelyard.open(workspace)) as yard:
        said = yard.scoring.predict(model="churn", rows=rows).rows
        before = _workers()
        read = yard.versions.show(model="churn").probe.interpretation
        found = yard.versions.update(model="churn", version="v1", interpretation=read)
        assert found.probe.interpretation.overridden
        assert _workers() == before
        assert yard.scoring.predict(model="churn", rows=rows).rows == said
        scores = read.model_copy(update={"activation": "sigmoid"})
        shown = yard.versions.update(model="churn", version="v1", interpretation=scores).probe
        squashed = [1 / (1 + math.exp(-row[2])) for row in found.probe.read.rows]
        assert [row[2] for row in shown.read.rows] == pytest.approx(squashed)
        assert shown.direct == found.probe.direct
        again = yard.versions.update(model="churn", version="v1", interpretation=None).probe
        assert again.interpretation == read == shown.recognised
        assert (again.read, again.recognised) == (found.probe.read, None)


def test_an_interpretation_is_not_tried_on_a_model_that_may_not_run(workspace, monkeypatch):
    with closing(modelyard.open(workspace)) as yard:
        read = yard.versions.show(model="churn").probe.interpretation
    monkeypatch.setenv("MODELYARD_TRUST__ALLOWED", '["data_only"]')
    with closing(modelyard.open(workspace)) as yard, pytest.raises(errors.Blocked):
        yard.versions.update(model="churn", version="v1", interpretation=read)


def test_a_deleted_version_answers_no_more_and_a_closed_workspace_lets_go(workspace):
    yard = modelyard.open(workspace)
    before = _workers()
    yard.scoring.predict(model="careful", rows=[{"x": 1.0}])
    loaded = _workers() - before
    yard.models.delete(name="careful", force=True)
    with pytest.raises(errors.NotFound):
        yard.scoring.predict(model="careful", rows=[{"x": 1.0}])
    yard.close()
    assert loaded
    assert not any(psutil.pid_exists(pid) for pid in loaded)


def _workers():
    """The processes that were started below this one."""
    return {process.pid for process in psutil.Process().children(recursive=True)}
