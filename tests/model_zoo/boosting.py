"""XGBoost, LightGBM and CatBoost models, native and in the manner of scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import catboost
import lightgbm
import mlflow
import numpy as np
import pandas as pd
import xgboost
from mlflow.models import infer_signature
from tests.model_zoo.data import diabetes, iris, marriages, tumours
from tests.model_zoo.made import BINARY, MULTICLASS, PINS, REGRESSION, Made, as_rows

SMALL = {"n_estimators": 5, "random_state": 0}
LIGHT = {**SMALL, "verbose": -1, "num_leaves": 7}
CAT = {"iterations": 5, "verbose": 0, "random_seed": 0, "allow_writing_files": False}
SPECIES = ["setosa", "versicolor", "virginica"]
LIGHTGBM_TYPES = ["collections.OrderedDict", "collections.defaultdict", "lightgbm.*"]


def _numbered(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_inverse=True)[1]


def _two(probabilities: np.ndarray) -> np.ndarray:
    probabilities = np.asarray(probabilities, dtype=np.float64)
    return np.column_stack([1 - probabilities, probabilities])


def _categorical() -> tuple[pd.DataFrame, pd.DataFrame]:
    features, targets = marriages()
    return features.astype({"occupation": "category", "partner": "category"}), targets


def _save_xgboost(model: Any, folder: Path, features: pd.DataFrame, *, signed: bool = True) -> None:
    signature = infer_signature(features) if signed else None
    mlflow.xgboost.save_model(model, folder, signature=signature, pip_requirements=PINS)


def make_xgboost_binary(folder: Path) -> Made:
    """A Booster with objective binary:logistic."""
    features, labels = tumours()
    matrix = xgboost.DMatrix(features, _numbered(labels))
    model = xgboost.train({"objective": "binary:logistic", "max_depth": 3}, matrix, 5)
    _save_xgboost(model, folder, features)
    positive = model.predict(matrix)
    predictions = np.where(positive >= 0.5, "malignant", "benign")
    given = ["benign", "malignant"]
    return Made(folder, BINARY, as_rows(features), predictions, _two(positive), [0, 1], given)


def _multiclass_booster(folder: Path, objective: str) -> Made:
    features, labels = iris()
    matrix = xgboost.DMatrix(features, _numbered(labels))
    options = {"max_depth": 2, "num_class": 3, "seed": 0}
    model = xgboost.train({**options, "objective": objective}, matrix, 5)
    _save_xgboost(model, folder, features, signed=False)
    probabilities = xgboost.train({**options, "objective": "multi:softprob"}, matrix, 5).predict(
        matrix
    )
    predictions = np.array(SPECIES)[probabilities.argmax(axis=1)]
    return Made(
        folder, MULTICLASS, as_rows(features), predictions, probabilities, [0, 1, 2], SPECIES
    )


def make_xgboost_softprob(folder: Path) -> Made:
    """A Booster with objective multi:softprob, without a signature."""
    return _multiclass_booster(folder, "multi:softprob")


def make_xgboost_softmax(folder: Path) -> Made:
    """A Booster with objective multi:softmax: predict gives labels as float32."""
    return _multiclass_booster(folder, "multi:softmax")


def make_xgboost_regression(folder: Path) -> Made:
    """XGBRegressor."""
    features, target = diabetes()
    model = xgboost.XGBRegressor(**SMALL).fit(features, target)
    _save_xgboost(model, folder, features)
    return Made(folder, REGRESSION, as_rows(features), model.predict(features))


def make_xgboost_classifier(folder: Path) -> Made:
    """XGBClassifier over three classes, whose labels were encoded as numbers."""
    features, labels = iris()
    model = xgboost.XGBClassifier(**SMALL).fit(features, _numbered(labels))
    _save_xgboost(model, folder, features)
    predictions = np.array(SPECIES)[model.predict(features)]
    probabilities = model.predict_proba(features)
    return Made(
        folder, MULTICLASS, as_rows(features), predictions, probabilities, [0, 1, 2], SPECIES
    )


def make_xgboost_categories(folder: Path) -> Made:
    """A Booster over categorical columns."""
    features, targets = _categorical()
    matrix = xgboost.DMatrix(features, _numbered(targets["affair"]), enable_categorical=True)
    model = xgboost.train({"objective": "binary:logistic", "max_depth": 4}, matrix, 10)
    _save_xgboost(model, folder, features, signed=False)
    positive = model.predict(matrix)
    predictions = np.where(positive >= 0.5, "yes", "no")
    rows = as_rows(marriages()[0])
    return Made(folder, BINARY, rows, predictions, _two(positive), [0, 1], ["no", "yes"])


def _save_lightgbm(model: Any, folder: Path, features: pd.DataFrame, **options: Any) -> None:
    signature = infer_signature(features)
    mlflow.lightgbm.save_model(model, folder, signature=signature, pip_requirements=PINS, **options)


def make_lightgbm_binary(folder: Path) -> Made:
    """A Booster with objective binary."""
    features, labels = tumours()
    data = lightgbm.Dataset(features, _numbered(labels))
    model = lightgbm.train({"objective": "binary", "verbose": -1, "num_leaves": 7}, data, 5)
    _save_lightgbm(model, folder, features)
    positive = model.predict(features)
    predictions = (positive >= 0.5).astype(int)
    return Made(folder, BINARY, as_rows(features), predictions, _two(positive), [0, 1])


def make_lightgbm_multiclass(folder: Path) -> Made:
    """A Booster with objective multiclass."""
    features, labels = iris()
    data = lightgbm.Dataset(features, _numbered(labels))
    options = {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_leaves": 7}
    model = lightgbm.train(options, data, 5)
    _save_lightgbm(model, folder, features)
    probabilities = model.predict(features)
    predictions = np.array(SPECIES)[probabilities.argmax(axis=1)]
    return Made(
        folder, MULTICLASS, as_rows(features), predictions, probabilities, [0, 1, 2], SPECIES
    )


def make_lightgbm_regression(folder: Path) -> Made:
    """A Booster with objective regression."""
    features, target = diabetes()
    data = lightgbm.Dataset(features, target)
    model = lightgbm.train({"objective": "regression", "verbose": -1, "num_leaves": 7}, data, 5)
    _save_lightgbm(model, folder, features)
    return Made(folder, REGRESSION, as_rows(features), model.predict(features))


def make_lightgbm_classifier(folder: Path) -> Made:
    """LGBMClassifier with text labels, in the skops format."""
    features, labels = iris()
    model = lightgbm.LGBMClassifier(**LIGHT).fit(features, labels)
    _save_lightgbm(model, folder, features)
    return Made(
        folder,
        MULTICLASS,
        as_rows(features),
        model.predict(features),
        model.predict_proba(features),
        SPECIES,
        trusted_types=LIGHTGBM_TYPES,
    )


def make_lightgbm_categories(folder: Path) -> Made:
    """LGBMClassifier over categorical columns, cloudpickled; the signature calls them text."""
    features, targets = _categorical()
    model = lightgbm.LGBMClassifier(**LIGHT).fit(features, targets["affair"])
    _save_lightgbm(model, folder, features, serialization_format="cloudpickle")
    probabilities = model.predict_proba(features)
    rows = as_rows(marriages()[0])
    return Made(folder, BINARY, rows, model.predict(features), probabilities, ["no", "yes"])


def _save_catboost(
    model: Any, folder: Path, features: pd.DataFrame, *, signed: bool = True
) -> None:
    signature = infer_signature(features) if signed else None
    mlflow.catboost.save_model(model, folder, signature=signature, pip_requirements=PINS)


def make_catboost_binary(folder: Path) -> Made:
    """CatBoostClassifier over mixed columns with raw categories, without a signature."""
    features, targets = marriages()
    features = features.astype({"long": float})
    model = catboost.CatBoostClassifier(**CAT, cat_features=["occupation", "partner"])
    model.fit(features, targets["affair"])
    _save_catboost(model, folder, features, signed=False)
    probabilities = model.predict_proba(features)
    return Made(
        folder, BINARY, as_rows(features), model.predict(features), probabilities, ["no", "yes"]
    )


def make_catboost_multiclass(folder: Path) -> Made:
    """CatBoostClassifier over three classes: predict gives a column of labels, two-dimensional."""
    features, labels = iris()
    model = catboost.CatBoostClassifier(**CAT).fit(features, labels)
    _save_catboost(model, folder, features)
    probabilities = model.predict_proba(features)
    predictions = model.predict(features).reshape(-1)
    return Made(folder, MULTICLASS, as_rows(features), predictions, probabilities, SPECIES)


def make_catboost_raw(folder: Path) -> Made:
    """The base class CatBoost: predict gives log-odds."""
    features, labels = tumours()
    model = catboost.CatBoost({**CAT, "loss_function": "Logloss"}).fit(features, _numbered(labels))
    _save_catboost(model, folder, features)
    probabilities = model.predict(features, prediction_type="Probability")
    predictions = np.where(probabilities[:, 1] >= 0.5, "malignant", "benign")
    given = ["benign", "malignant"]
    return Made(folder, BINARY, as_rows(features), predictions, probabilities, [0, 1], given)


def make_catboost_regression(folder: Path) -> Made:
    """CatBoostRegressor."""
    features, target = diabetes()
    model = catboost.CatBoostRegressor(**CAT).fit(features, target)
    _save_catboost(model, folder, features)
    return Made(folder, REGRESSION, as_rows(features), model.predict(features))
