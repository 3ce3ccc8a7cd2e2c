"""scikit-learn models: labels and probabilities, pipelines, both ways of serialising."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.model_zoo.data import diabetes, iris, marriages, tumours
from tests.model_zoo.made import BINARY, MULTICLASS, PINS, REGRESSION, Made, as_rows

TREE = "sklearn.tree._tree.Tree"


def _save(model: Any, folder: Path, features: Any, *, signed: bool = True, **options: Any) -> None:
    signature = infer_signature(features, model.predict(features)) if signed else None
    mlflow.sklearn.save_model(model, folder, signature=signature, pip_requirements=PINS, **options)


def make_sklearn_binary(folder: Path) -> Made:
    """Logistic regression with text labels, in the skops format."""
    features, labels = tumours()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(features, labels)
    _save(model, folder, features)
    return Made(
        folder,
        BINARY,
        as_rows(features),
        model.predict(features),
        model.predict_proba(features),
        ["benign", "malignant"],
    )


def make_sklearn_multiclass(folder: Path) -> Made:
    """A forest with text labels, cloudpickled, without a signature."""
    features, labels = iris()
    model = RandomForestClassifier(5, random_state=0).fit(features, labels)
    _save(model, folder, features, signed=False, serialization_format="cloudpickle")
    probabilities = model.predict_proba(features)
    rows = as_rows(features)
    return Made(
        folder, MULTICLASS, rows, model.predict(features), probabilities, list(model.classes_)
    )


def make_sklearn_skops_forest(folder: Path) -> Made:
    """A forest in the skops format, which holds a type that skops alone does not trust."""
    features, labels = iris()
    model = RandomForestClassifier(3, random_state=0).fit(features, labels)
    _save(model, folder, features, skops_trusted_types=[TREE])
    return Made(
        folder,
        MULTICLASS,
        as_rows(features),
        model.predict(features),
        model.predict_proba(features),
        list(model.classes_),
        trusted_types=[TREE],
    )


def make_sklearn_regression(folder: Path) -> Made:
    """A linear regression."""
    features, target = diabetes()
    model = LinearRegression().fit(features, target)
    _save(model, folder, features)
    return Made(folder, REGRESSION, as_rows(features), model.predict(features))


def make_sklearn_pipeline(folder: Path) -> Made:
    """A pipeline over the columns of a mixed frame: numbers, whole numbers, text, booleans."""
    features, targets = marriages()
    encode = make_column_transformer(
        (StandardScaler(), ["age", "children", "religious"]),
        (OneHotEncoder(), ["occupation", "partner", "long"]),
    )
    model = make_pipeline(encode, LogisticRegression(max_iter=500)).fit(features, targets["affair"])
    _save(model, folder, features, serialization_format="cloudpickle")
    probabilities = model.predict_proba(features)
    return Made(
        folder, BINARY, as_rows(features), model.predict(features), probabilities, ["no", "yes"]
    )


def make_sklearn_predict_proba(folder: Path) -> Made:
    """A classifier whose pyfunc gives probabilities: saved with pyfunc_predict_fn."""
    features, labels = iris()
    model = LogisticRegression(max_iter=500).fit(features, labels)
    _save(model, folder, features, signed=False, pyfunc_predict_fn="predict_proba")
    probabilities = model.predict_proba(features)
    rows = as_rows(features)
    return Made(
        folder, MULTICLASS, rows, model.predict(features), probabilities, list(model.classes_)
    )


def make_sklearn_labels_only(folder: Path) -> Made:
    """A classifier without probabilities."""
    features, labels = tumours()
    model = RidgeClassifier().fit(features, labels)
    _save(model, folder, features)
    return Made(
        folder, BINARY, as_rows(features), model.predict(features), None, list(model.classes_)
    )


def make_sklearn_booleans(folder: Path) -> Made:
    """A classifier of true and false."""
    features, labels = tumours()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(features, labels == "benign")
    _save(model, folder, features)
    probabilities = model.predict_proba(features)
    return Made(
        folder, BINARY, as_rows(features), model.predict(features), probabilities, [False, True]
    )


def make_sklearn_threshold(folder: Path) -> Made:
    """A classifier with a threshold of its own."""
    features, labels = tumours()
    inner = make_pipeline(StandardScaler(), LogisticRegression())
    model = FixedThresholdClassifier(inner, threshold=0.8, pos_label="malignant")
    model.fit(features, labels)
    _save(model, folder, features, serialization_format="cloudpickle")
    probabilities = model.predict_proba(features)
    return Made(
        folder,
        BINARY,
        as_rows(features),
        model.predict(features),
        probabilities,
        list(model.classes_),
    )


def make_sklearn_arrays(folder: Path) -> Made:
    """A classifier fitted on an array, with a tensor signature and numbers as labels."""
    features, labels = iris()
    numbers = np.unique(labels, return_inverse=True)[1]
    model = LogisticRegression(max_iter=500).fit(features.to_numpy(), numbers)
    _save(model, folder, features.to_numpy())
    return Made(
        folder,
        MULTICLASS,
        as_rows(features, extra=False),
        np.array(["Iris-S", "Iris-Ve", "Iris-Vi"])[model.predict(features.to_numpy())],
        model.predict_proba(features.to_numpy()),
        [0, 1, 2],
        given=["Iris-S", "Iris-Ve", "Iris-Vi"],
    )
