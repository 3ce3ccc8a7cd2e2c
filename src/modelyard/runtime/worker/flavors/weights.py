"""What models themselves say of their features: importances of trees, coefficients of sums.

Importances are shares that sum to 1 (all zero where the trees split nowhere); coefficients stand as
the model has them, with their sign.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from ..labels import plain
from ..problems import Problem

Weights = Dict[str, Any]
"""`OwnImportances` as JSON, but for the arrays of all values."""

CHOSEN = {
    "GridSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "TunedThresholdClassifierCV": "estimator_",
    "FixedThresholdClassifier": "estimator_",
    "RANSACRegressor": "estimator_",
}
"""Where estimators of scikit-learn keep the one that they predict by."""
PAIRWISE = ("SVC", "NuSVC")
"""Their coefficients tell each class from each other one."""


def none_of(kind: str, why: str = "") -> Problem:
    """The refusal of a model that says nothing of its features."""
    return Problem(
        "unsupported",
        f"{kind} has no importances or coefficients of its own{why}; `evaluations importance` "
        "measures them for any model",
    )


def of_estimator(native: Any, names: Optional[Sequence[str]]) -> Weights:
    """Those of a fitted estimator of scikit-learn, or of a library that is used like it.

    Args:
        native: the estimator; of a pipeline the last step is asked, of a search the best.
        names: of the columns that it takes.

    Raises:
        Problem: it has none (`unsupported`).
    """
    kind = type(native).__name__
    if kind in CHOSEN and hasattr(native, CHOSEN[kind]):
        return of_estimator(getattr(native, CHOSEN[kind]), names)
    if hasattr(native, "steps") and hasattr(native, "named_steps"):
        return of_estimator(native.steps[-1][1], _names_within(native, names))
    library = type(native).__module__.split(".")[0]
    if library == "xgboost":
        return of_xgboost(native.get_booster(), names)
    if library == "lightgbm":
        return of_lightgbm(native.booster_, names)
    if library == "catboost":
        return of_catboost(native, names)
    found = getattr(native, "feature_importances_", None)
    if found is not None:
        return importances("impurity" if library == "sklearn" else "unnamed", found, names)
    found = getattr(native, "coef_", None)
    if found is None:
        raise none_of(kind)
    classes = getattr(native, "classes_", None)
    if kind in PAIRWISE and classes is not None and len(classes) > 2:
        raise none_of(kind, ": its coefficients are of pairs of classes")
    dense = found.toarray() if hasattr(found, "toarray") else found
    return coefficients(dense, getattr(native, "intercept_", None), classes, names)


def of_xgboost(booster: Any, names: Optional[Sequence[str]]) -> Weights:
    """The mean gain of a feature's splits; of a linear booster its coefficients."""
    width = int(booster.num_features())
    own = list(booster.feature_names or ["f" + str(at) for at in range(width)])
    learner = json.loads(booster.save_config())["learner"]
    if learner["gradient_booster"]["name"] == "gblinear":
        found = booster.get_score(importance_type="weight")
        columns = [np.atleast_1d(found[name]) for name in own]
        made = coefficients(np.column_stack(columns), None, None, booster.feature_names or names)
        made["notes"].append("xgboost does not tell the intercept of a linear booster")
        return made
    found = booster.get_score(importance_type="gain")
    gains = [found.get(name, 0.0) for name in own]
    return importances("mean_gain", gains, booster.feature_names or names)


def of_lightgbm(booster: Any, names: Optional[Sequence[str]]) -> Weights:
    """The sum of the gain of a feature's splits."""
    return importances("total_gain", booster.feature_importance(importance_type="gain"), names)


def of_catboost(native: Any, names: Optional[Sequence[str]]) -> Weights:
    """PredictionValuesChange: how far predictions move on average if the feature changes."""
    from catboost import CatBoostError

    try:
        found = native.get_feature_importance(type="PredictionValuesChange")
    except CatBoostError as exc:  # a file without the weights of its leaves
        raise none_of(type(native).__name__, ": " + " ".join(str(exc).split())[:300]) from exc
    return importances("prediction_values_change", found, names)


def importances(measure: str, found: Any, names: Optional[Sequence[str]]) -> Weights:
    """Importances of all features as shares."""
    values = np.asarray(found, np.float64).ravel()
    total = values.sum()
    shares = values / total if total > 0 else values
    return _made("importance", measure, shares[None, :], [None], [None], names)


def coefficients(
    found: Any, intercept: Any, classes: Optional[Sequence[Any]], names: Optional[Sequence[str]]
) -> Weights:
    """Coefficients of all features: a row for each class or output, or one for the second of two.

    Raises:
        Problem: there are neither so many nor as many as classes (`unsupported`).
    """
    values = np.atleast_2d(np.asarray(found, np.float64))
    rows = len(values)
    labels = [] if classes is None else [plain(label) for label in classes]
    if rows == 1:
        outcomes = [labels[-1] if len(labels) in (1, 2) else None]
    elif len(labels) in (0, rows):
        outcomes = labels or list(range(rows))
    else:
        raise none_of("the model", f": it has {rows} rows of coefficients of {len(labels)} classes")
    known = None if intercept is None else np.asarray(intercept, np.float64).ravel()
    if known is not None and known.size == 1:
        known = np.repeat(known, rows)  # 0 where none was fitted
    starts = [None] * rows if known is None or known.size != rows else list(known)
    made = _made("coefficient", "coefficient", values, outcomes, starts, names)
    if rows > 1 and not labels:
        made["notes"].append("the model does not name its outputs: they are numbered")
    return made


def weightiest(found: Weights, most: int) -> Weights:
    """The features that weigh most in any effect, by falling weight, and how many there are."""
    effects = found["effects"]
    sizes = np.nan_to_num(np.abs([effect["values"] for effect in effects]))
    chosen = np.argsort(-sizes.max(axis=0), kind="stable")[:most]
    return {
        **found,
        "features": [found["features"][at] for at in chosen],
        "effects": [
            {**effect, "values": [plain(each) for each in effect["values"][chosen]]}
            for effect in effects
        ],
        "total": len(found["features"]),
    }


def _names_within(pipeline: Any, names: Optional[Sequence[str]]) -> Optional[List[str]]:
    """What the columns are called that the last step takes."""
    if len(pipeline.steps) == 1:
        return None if names is None else list(names)
    try:
        return [str(name) for name in pipeline[:-1].get_feature_names_out(names)]
    except (AttributeError, TypeError, ValueError):  # a step that names no columns, or other ones
        return None


def _made(
    kind: str,
    measure: str,
    values: np.ndarray,
    outcomes: Sequence[Any],
    intercepts: Sequence[Any],
    names: Optional[Sequence[str]],
) -> Weights:
    width = values.shape[1]
    notes = []
    if names is None or len(names) != width:
        names = [str(at) for at in range(width)]
        notes.append("the model does not name its features: they are numbered from 0")
    return {
        "kind": kind,
        "measure": measure,
        "features": list(names),
        "effects": [
            {"outcome": outcome, "intercept": plain(start), "values": row}
            for outcome, start, row in zip(outcomes, intercepts, values)
        ],
        "notes": notes,
    }
