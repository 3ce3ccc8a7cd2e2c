"""Small real models of every flavor and task, each with what it must predict.

`make(name, folder)` trains one on real data, saves it with MLflow into a folder that does not exist
yet, and returns it with its oracle. The makers are `make_<name>(folder)` in the modules beside.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.model_zoo.made import Made, quietly

MODULES = {
    "scikit_learn": (
        "sklearn_arrays",
        "sklearn_binary",
        "sklearn_booleans",
        "sklearn_labels_only",
        "sklearn_multiclass",
        "sklearn_pipeline",
        "sklearn_predict_proba",
        "sklearn_regression",
        "sklearn_skops_forest",
        "sklearn_threshold",
    ),
    "boosting": (
        "catboost_binary",
        "catboost_multiclass",
        "catboost_raw",
        "catboost_regression",
        "lightgbm_binary",
        "lightgbm_categories",
        "lightgbm_classifier",
        "lightgbm_multiclass",
        "lightgbm_regression",
        "xgboost_binary",
        "xgboost_categories",
        "xgboost_classifier",
        "xgboost_regression",
        "xgboost_softmax",
        "xgboost_softprob",
    ),
    "graphs": (
        "onnx_columns",
        "onnx_maps",
        "onnx_matrix",
        "onnx_regression",
        "statsmodels_formula",
        "statsmodels_logit",
        "statsmodels_multiclass",
        "statsmodels_regression",
    ),
    "functions": (
        "pyfunc_code",
        "pyfunc_frame",
        "pyfunc_function",
        "pyfunc_loader",
        "pyfunc_missing",
        "pyfunc_params",
        "pyfunc_positive",
        "pyfunc_records",
    ),
}
NAMES = tuple(name for names in MODULES.values() for name in names)


def make(name: str, folder: Path) -> Made:
    """Train and save one of `NAMES`, without the warnings of the libraries it takes."""
    module = next(module for module, names in MODULES.items() if name in names)
    with quietly():
        made: Made = getattr(import_module(f"tests.model_zoo.{module}"), f"make_{name}")(folder)
    return made
