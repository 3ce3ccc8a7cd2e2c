"""A metric over the versions of a model, beside what their evaluations tell."""

from __future__ import annotations

import csv

import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity

ROWS = "".join(f"{20 + n % 50},{n % 7},{int(n % 50 > 12)}\n" for n in range(100))
MODEL = "model:default/churn"
AGES = {"v2": 25, "v10": 32, "v11": 55}
"""Versions by the age from which on they answer 1; the truth is from 33 on."""


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """Three versions with evaluations on one dataset, one with a second one on another."""
    folder = tmp_path_factory.mktemp("measuring")
    yard = modelyard.open(folder / "yard", actor="tester")
    for name in ("may", "june"):
        (folder / f"{name}.csv").write_text(f"age,fare,target\n{ROWS}")
        yard.datasets.create(name=name, path=str(folder / f"{name}.csv"))
    yard.models.create(name="churn", prediction_type="binary_classification")
    for version, age in AGES.items():
        predict = f"return (frame['age'] > {age}).astype(int).to_numpy()"
        source = str(write_model(folder / version, predict=predict))
        yard.versions.import_(
            model="churn", version=version, source=source, classes=(0, 1), env="local"
        )
        yard.evaluations.run(model="churn", version=version, dataset="may", target="target")
    yard.evaluations.run(model="churn", version="v2", dataset="june", target="target")
    yard.users.create(name="eve")
    yield yard
    yard.close()


def test_each_version_is_told_by_its_newest_evaluation(yard):
    found = yard.govern.metrics(item=MODEL, metric="accuracy")
    assert (found.dataset, found.left_out) == ("may", 0)
    assert [each.version for each in found.points] == ["v2", "v10", "v11"]
    for each in found.points:
        told = yard.evaluations.show(id=each.evaluation)
        figure = told.metrics["accuracy"]
        assert (each.value, each.low, each.high) == (figure.value, figure.low, figure.high)
        right = sum((20 + n % 50 > AGES[each.version]) == (n % 50 > 12) for n in range(100))
        assert each.value == pytest.approx(right / 100)
    assert yard.govern.metrics(item="version:default/churn/v2", metric="accuracy") == found


def test_another_dataset_is_asked_for_by_its_name(yard):
    found = yard.govern.metrics(item=MODEL, metric="accuracy", dataset="june")
    assert [each.version for each in found.points] == ["v2"]
    assert (found.left_out, found.datasets) == (2, ("may", "june"))
    drawn = yard.govern.chart(item=MODEL, metric="accuracy", dataset="june")
    assert "at v2" in drawn.description
    assert drawn.spec is not None


def test_it_is_drawn_from_version_to_version(yard, tmp_path):
    drawn = yard.govern.chart(item=MODEL, metric="accuracy")
    assert drawn.title == "Accuracy"
    rows = drawn.spec["datasets"]["history"]
    found = yard.govern.metrics(item=MODEL, metric="accuracy").points
    assert [(row["x"], row["value"]) for row in rows] == [(e.version, e.value) for e in found]
    file = tmp_path / "metrics.csv"
    yard.govern.save_metrics(item=MODEL, metric="accuracy", to=str(file))
    written = list(csv.DictReader(file.read_text().splitlines()))
    assert [float(row["value"]) for row in written] == [each.value for each in found]


def test_what_is_not_measured_is_told(yard):
    with pytest.raises(errors.NotFound, match=r"metric 'acuracy'.*accuracy"):
        yard.govern.metrics(item=MODEL, metric="acuracy")
    with pytest.raises(errors.NotFound, match="dataset 'july'"):
        yard.govern.metrics(item=MODEL, dataset="july")
    with pytest.raises(errors.Invalid, match="models and versions"):
        yard.govern.metrics(item="project:default")
    yard.models.create(name="empty", prediction_type="regression")
    yard.govern.sync()
    nothing = yard.govern.metrics(item="model:default/empty")
    assert (nothing.points, nothing.metrics) == ((), ())
    drawn = yard.govern.chart(item="model:default/empty")
    assert (drawn.spec, drawn.reason is not None) == (None, True)


def test_files_that_were_replaced_are_told_no_more(yard, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text(f"age,fare,target\n{ROWS}")
    yard.models.create(name="anew", prediction_type="binary_classification")
    yard.datasets.create(name="rows", path=str(rows))

    def bring(age):
        body = f"return (frame['age'] > {age}).astype(int).to_numpy()"
        source = str(write_model(tmp_path / f"from-{age}", predict=body))
        yard.versions.import_(
            model="anew", version="v1", source=source, classes=(0, 1), env="local"
        )

    def told():
        yard.govern.sync()
        return yard.govern.metrics(item="model:default/anew", metric="accuracy").points

    bring(25)
    yard.evaluations.run(model="anew", version="v1", dataset="rows", target="target")
    assert len(told()) == 1
    yard.versions.delete(model="anew", versions=("v1",), force=True)
    bring(55)
    yard.govern.sync()
    assert yard.govern.metrics(item="model:default/anew").metrics == ()
    made = yard.evaluations.run(model="anew", version="v1", dataset="rows", target="target")
    assert [each.evaluation for each in told()] == [made.id]


def test_nobody_sees_metrics_of_what_they_may_not_see(yard):
    eve = yard.acting(Identity("eve", "user")).govern
    with pytest.raises(errors.NotFound):
        eve.metrics(item="version:default/churn/v2")
