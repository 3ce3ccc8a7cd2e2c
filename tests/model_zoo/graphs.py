"""ONNX models, with and without maps of probabilities, and statsmodels results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import onnxruntime
import statsmodels.api as sm
import statsmodels.formula.api as smf
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.model_zoo.data import diabetes, iris, marriages, tumours
from tests.model_zoo.made import BINARY, MULTICLASS, PINS, REGRESSION, Made, as_rows


def _run(graph: Any, feeds: dict[str, np.ndarray] | np.ndarray) -> list[Any]:
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    if not isinstance(feeds, dict):
        feeds = {session.get_inputs()[0].name: feeds.astype(np.float32)}
    return session.run(None, feeds)


def _save_onnx(graph: Any, folder: Path, signature: Any = None) -> None:
    mlflow.onnx.save_model(graph, folder, signature=signature, pip_requirements=PINS)


def make_onnx_maps(folder: Path) -> Made:
    """A classifier whose second output maps classes to probabilities, row by row."""
    features, labels = iris()
    model = LogisticRegression(max_iter=500).fit(features.to_numpy(), labels)
    graph = to_onnx(model, features.to_numpy(np.float32)[:1])
    _save_onnx(graph, folder, infer_signature(features))
    predictions, maps = _run(graph, features.to_numpy())
    probabilities = np.array([[row[label] for label in model.classes_] for row in maps])
    rows = as_rows(features)
    return Made(folder, MULTICLASS, rows, predictions, probabilities, list(model.classes_))


def make_onnx_matrix(folder: Path) -> Made:
    """A classifier whose second output is a matrix of probabilities, with whole labels."""
    features, labels = tumours()
    numbers = (labels == "malignant").astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(features.to_numpy(), numbers)
    options = {id(model): {"zipmap": False}}
    graph = to_onnx(model, features.to_numpy(np.float32)[:1], options=options)
    _save_onnx(graph, folder, infer_signature(features))
    predictions, probabilities = _run(graph, features.to_numpy())
    return Made(folder, BINARY, as_rows(features), predictions, probabilities, [0, 1])


def make_onnx_columns(folder: Path) -> Made:
    """A graph with one input per column, of text and numbers, without a signature."""
    features, targets = marriages()
    features = features[["age", "occupation"]]
    encode = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["occupation"]))
    model = make_pipeline(encode, LogisticRegression()).fit(features, targets["mood"])
    types = [("age", FloatTensorType([None, 1])), ("occupation", StringTensorType([None, 1]))]
    options = {id(model): {"zipmap": False}}
    graph = to_onnx(model, initial_types=types, options=options)
    _save_onnx(graph, folder)
    feeds = {
        "age": features[["age"]].to_numpy(np.float32),
        "occupation": features[["occupation"]].to_numpy(object),
    }
    predictions, probabilities = _run(graph, feeds)
    rows = as_rows(features)
    return Made(folder, MULTICLASS, rows, predictions, probabilities, ["bad", "fair", "good"])


def make_onnx_regression(folder: Path) -> Made:
    """A regression with a tensor signature."""
    features, target = diabetes()
    cells = features.to_numpy(np.float32)
    graph = to_onnx(LinearRegression().fit(cells, target), cells[:1])
    _save_onnx(graph, folder, infer_signature(cells))
    predictions = _run(graph, cells)[0].reshape(-1)
    return Made(folder, REGRESSION, as_rows(features, extra=False), predictions)


def _save_statsmodels(model: Any, folder: Path, signature: Any = None) -> None:
    mlflow.statsmodels.save_model(model, folder, signature=signature, pip_requirements=PINS)


def _two(probabilities: Any) -> np.ndarray:
    return np.column_stack([1 - probabilities, probabilities])


def make_statsmodels_logit(folder: Path) -> Made:
    """A logit over columns to which a constant was added by hand, without a signature."""
    features, targets = marriages()
    design = sm.add_constant(features[["age", "children"]].astype(float))
    model = sm.Logit(targets["affair"] == "yes", design).fit(disp=0)
    _save_statsmodels(model, folder)
    positive = model.predict(design)
    predictions = np.where(positive >= 0.5, "yes", "no")
    rows = as_rows(features)
    return Made(folder, BINARY, rows, predictions, _two(positive), [0, 1], ["no", "yes"])


def make_statsmodels_formula(folder: Path) -> Made:
    """A binomial GLM by formula, over raw text."""
    features, targets = marriages()
    data = features.assign(affair=(targets["affair"] == "yes").astype(int))
    model = smf.glm(
        "affair ~ np.log(age) + C(occupation)", data, family=sm.families.Binomial()
    ).fit()
    _save_statsmodels(model, folder)
    positive = model.predict(features)
    return Made(
        folder, BINARY, as_rows(features), (positive >= 0.5).astype(int), _two(positive), [0, 1]
    )


def make_statsmodels_multiclass(folder: Path) -> Made:
    """A multinomial logit: predict gives a frame with whole numbers as column names."""
    features, targets = marriages()
    design = sm.add_constant(features[["age", "children"]].astype(float))
    model = sm.MNLogit(targets["mood"], design).fit(disp=0)
    _save_statsmodels(model, folder, infer_signature(design))
    probabilities = model.predict(design).to_numpy()
    predictions = np.array(["bad", "fair", "good"])[probabilities.argmax(axis=1)]
    rows = as_rows(features)
    return Made(folder, MULTICLASS, rows, predictions, probabilities, ["bad", "fair", "good"])


def make_statsmodels_regression(folder: Path) -> Made:
    """Ordinary least squares."""
    features, target = diabetes()
    design = sm.add_constant(features)
    model = sm.OLS(target, design).fit()
    _save_statsmodels(model, folder, infer_signature(design))
    return Made(folder, REGRESSION, as_rows(design), model.predict(design))
