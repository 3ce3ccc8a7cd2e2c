"""A version tells its own coefficients, read off the model that its worker has loaded."""

from __future__ import annotations

from contextlib import closing

import mlflow
import pytest
from tests.model_zoo.made import quietly

import modelyard
from modelyard import errors


def test_coefficients_are_those_of_the_model_in_its_worker(workspace, models):
    with closing(modelyard.open(workspace)) as yard:
        found = yard.versions.importances(model="churn", most=3)
        again = yard.versions.importances(model="churn", most=2)
        with pytest.raises(errors.Unsupported, match="flavor python_function has no importances"):
            yard.versions.importances(model="careful")
    with quietly():
        native = mlflow.sklearn.load_model(str(models / "churn"))
    names = native[:-1].get_feature_names_out()
    expected = sorted(zip(names, native[-1].coef_[0], strict=True), key=lambda each: -abs(each[1]))[
        :3
    ]
    (effect,) = found.effects
    assert list(found.features) == [name for name, _ in expected]
    assert effect.values == pytest.approx([value for _, value in expected])
    assert effect.intercept == pytest.approx(native[-1].intercept_[0])
    assert (found.model, found.version, found.total, effect.outcome) == ("churn", "v1", 5, "yes")
    assert again == found.first(2), "read at the same moment: the model was asked once"
