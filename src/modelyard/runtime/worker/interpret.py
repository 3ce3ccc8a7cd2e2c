"""Proposes how raw output becomes predictions: by what the flavor knows, checked on the output."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .flavors.flavor import CLASSIFICATION, interpretation
from .labels import plain, spelled
from .outputs import Output, per_row

LABEL_NAMES = (
    "prediction",
    "predictions",
    "predicted",
    "predict",
    "label",
    "labels",
    "output_label",
    "class",
    "predicted_class",
    "predicted_label",
    "y_pred",
    "target",
)
NUMBER_NAMES = (
    *LABEL_NAMES,
    "yhat",
    "predicted_mean",
    "mean",
    "output",
    "value",
    "score",
    "variable",
)
PROBABILITY_PREFIX = re.compile(
    r"^(probability|probabilities|proba|prob|p|score)[_ :]", re.IGNORECASE
)
CLOSE_TO_ONE = 1e-3

Proposal = Dict[str, Any]


def propose(
    output: Output,
    prediction_type: str,
    *,
    expected: Optional[Mapping[str, Any]] = None,
    own: Optional[Sequence[Any]] = None,
    given: Optional[Sequence[Any]] = None,
) -> Proposal:
    """Propose an interpretation of a model's output.

    Args:
        output: what predict returned for some rows.
        prediction_type: of the saved model.
        expected: what the flavor expects of predict, by the model's own facts.
        own: the model's own classes in its own order, where it tells.
        given: the classes as the user names them, in the model's order.

    Returns:
        An `Interpretation` as JSON. Its rule is `values` where the output cannot be restructured;
        `reason` says why.
    """
    if prediction_type not in (*CLASSIFICATION, "regression"):
        return interpretation("values", "prediction type other: columns as they come")
    surprise = ""
    if expected is not None:
        surprise = _misfit(output, expected)
        if not surprise:
            return _with_classes(dict(expected), output)
        surprise = f"{expected['reason']}, but {surprise}; by its shape: "
    found = _number(output) if prediction_type == "regression" else _classes(output, own, given)
    found["reason"] = surprise + found["reason"]
    if prediction_type == "multiclass" and found["rule"] == "positive_probability":
        return interpretation(
            "values", found["reason"] + ": one number per row does not tell several classes apart"
        )
    return _with_classes(found, output)


def _with_classes(found: Proposal, output: Output) -> Proposal:
    """Read unknown classes off the labels that come with a matrix, where these show all of them."""
    if found["rule"] != "label_and_probabilities" or found["classes"]:
        return found
    matrix = output.arrays[found["probabilities"][0]]
    if matrix.ndim != 2:
        return found
    labels = [plain(label) for label in output.arrays[found["label"]]]
    seen = set(zip(np.argmax(matrix, axis=1).tolist(), labels))
    if len(seen) == matrix.shape[1] == len(dict(seen)) == len({label for _, label in seen}):
        found["classes"] = [label for _, label in sorted(seen)]
    return found


def _misfit(output: Output, expected: Mapping[str, Any]) -> str:
    """Why an output is not what was expected; empty where it is."""
    rule, only = expected["rule"], output.only()
    if rule in ("class_maps", "label_and_probabilities"):
        missing = {expected["label"], *expected["probabilities"]} - {None} - set(output.arrays)
        return f"predict gave no {', '.join(sorted(missing))}" if missing else ""
    if rule == "probabilities":
        matrix = (
            only if only is not None and only.ndim == 2 else _stacked(output, list(output.arrays))
        )
        width = 0 if matrix is None else matrix.shape[1]
        wanted = len(expected["classes"]) or width
        return "" if width == wanted and width > 1 else f"predict gave {_shape(output)}"
    if only is None or only.ndim != 1:
        return f"predict gave {_shape(output)}"
    if rule in ("number", "positive_probability") and not _is_numeric(only):
        return "predict gave no numbers"
    return ""


def _shape(output: Output) -> str:
    only = output.only()
    if only is None:
        return f"{len(output.arrays)} columns ({', '.join(list(output.arrays)[:5])})"
    return per_row(only)


def _is_numeric(array: np.ndarray) -> bool:
    return array.dtype.kind in "fiub"


def _number(output: Output) -> Proposal:
    only = output.only()
    if only is not None and only.ndim == 1:
        if _as_numbers(only) is None:
            return interpretation("values", "the output holds no numbers")
        return interpretation("number", "one number per row")
    if only is not None:
        return interpretation(
            "values", f"{only.shape[1:]} numbers per row; which is the prediction?"
        )
    numeric = [
        name for name, array in output.arrays.items() if array.ndim == 1 and _is_numeric(array)
    ]
    likely = [name for name in NUMBER_NAMES if name in numeric] or (
        numeric if len(numeric) == 1 else []
    )
    if likely:
        return interpretation("number", f"column {likely[0]!r} holds the number", label=likely[0])
    return interpretation(
        "values", f"none of the columns {list(output.arrays)} is clearly the prediction"
    )


def _as_numbers(array: np.ndarray) -> Optional[np.ndarray]:
    if _is_numeric(array):
        return array.astype(np.float64)
    try:
        return np.array(
            [np.nan if plain(value) is None else plain(value) for value in array], float
        )
    except (TypeError, ValueError):
        return None


def _classes(
    output: Output, own: Optional[Sequence[Any]], given: Optional[Sequence[Any]]
) -> Proposal:
    only = output.only()
    if only is None:
        return _columns(output, own, given)
    if only.ndim == 2:
        return _matrix(only, own)
    if only.ndim > 2:
        return interpretation("values", per_row(only))
    return _single(only, next(iter(output.arrays)) if output.named else None, own)


def _single(array: np.ndarray, name: Optional[str], own: Optional[Sequence[Any]]) -> Proposal:
    first = (
        next((value for value in array if value is not None), None)
        if array.dtype == object
        else None
    )
    if isinstance(first, Mapping):
        keys = [plain(key) for key in first]
        facts = {"probabilities": [name] if name else [], "classes": keys}
        return interpretation("class_maps", "each row maps classes to numbers", **facts)
    if isinstance(first, (list, tuple, np.ndarray)):
        return interpretation("values", "rows are lists of different lengths")
    if array.dtype.kind != "f":
        return interpretation("labels", "one label per row", label=name, classes=list(own or ()))
    known = array[~np.isnan(array)]
    if (known == np.trunc(known)).all():
        return interpretation(
            "labels", "one whole number per row: labels", label=name, classes=list(own or ())
        )
    if ((known >= 0) & (known <= 1)).all():
        facts = {"probabilities": [name] if name else [], "classes": list(own or ())}
        return interpretation("positive_probability", "one number from 0 to 1 per row", **facts)
    return interpretation(
        "values",
        "one number per row, not from 0 to 1: of a regression model, or raw scores? If so, choose "
        "rule positive_probability with activation sigmoid",
    )


def _matrix(matrix: np.ndarray, own: Optional[Sequence[Any]]) -> Proposal:
    width = matrix.shape[1]
    if not _is_numeric(matrix):
        return interpretation("values", f"{width} values a row that are no numbers")
    if not _adds_to_one(matrix):
        return interpretation(
            "values",
            f"{width} numbers per row that do not add up to 1: raw scores? If so, choose rule "
            "probabilities with activation softmax",
        )
    reason = f"{width} numbers per row that add up to 1"
    return interpretation("probabilities", reason, classes=_of_width(width, own))


def _adds_to_one(matrix: np.ndarray) -> bool:
    known = matrix[~np.isnan(matrix.astype(np.float64)).any(axis=1)].astype(np.float64)
    inside = ((known >= -CLOSE_TO_ONE) & (known <= 1 + CLOSE_TO_ONE)).all()
    return bool(inside and (np.abs(known.sum(axis=1) - 1) <= CLOSE_TO_ONE).all())


def _stacked(output: Output, names: Sequence[str]) -> Optional[np.ndarray]:
    """Columns of numbers side by side; None where some are no numbers."""
    arrays = [output.arrays[name] for name in names]
    if not arrays or not all(array.ndim == 1 and _is_numeric(array) for array in arrays):
        return None
    return np.column_stack(arrays)


def _of_width(width: int, own: Optional[Sequence[Any]]) -> List[Any]:
    """The model's own classes if there are so many, else positions."""
    return list(own) if own and len(own) == width else list(range(width))


def _columns(
    output: Output, own: Optional[Sequence[Any]], given: Optional[Sequence[Any]]
) -> Proposal:
    """Several outputs: which is the label, and which are the probabilities."""
    arrays = output.arrays
    label = _label_column(output)
    others = [name for name in arrays if name != label]
    for name in others:
        if arrays[name].ndim == 2 and _is_numeric(arrays[name]) and _adds_to_one(arrays[name]):
            reason = f"output {name!r} holds a probability per class"
            known = _of_width(arrays[name].shape[1], own) if label is None else own or []
            return _with_label(label, reason, [name], known)
        found = _single(arrays[name], name, own) if arrays[name].ndim == 1 else {"rule": None}
        if found["rule"] == "class_maps":
            return {**found, "label": label}
    names, named = _probability_columns(output, others, own or given)
    if names:
        return _with_label(label, f"columns {names} hold a probability per class", names, named)
    if label is not None:
        reason = f"column {label!r} holds the label"
        return interpretation("labels", reason, label=label, classes=list(own or ()))
    return interpretation("values", f"none of the columns {list(arrays)} is clearly the label")


def _with_label(
    label: Optional[str], reason: str, names: Sequence[str], own: Sequence[Any]
) -> Proposal:
    rule = "probabilities" if label is None else "label_and_probabilities"
    reason = reason if label is None else f"{reason}, {label!r} the label"
    return interpretation(rule, reason, label=label, probabilities=list(names), classes=list(own))


def _label_column(output: Output) -> Optional[str]:
    flat = {name.lower(): name for name, array in output.arrays.items() if array.ndim == 1}
    likely = [flat[name] for name in LABEL_NAMES if name in flat]
    if likely:
        return likely[0]
    words = [
        name
        for name, array in output.arrays.items()
        if array.ndim == 1 and array.dtype.kind in "OU"
    ]
    words = [name for name in words if not isinstance(output.arrays[name][0], (Mapping, list))]
    return words[0] if len(words) == 1 else None


def _probability_columns(
    output: Output, names: Sequence[str], classes: Optional[Sequence[Any]]
) -> Tuple[List[str], List[Any]]:
    """Columns of probabilities in class order, and the classes they stand for."""
    bare = {PROBABILITY_PREFIX.sub("", name): name for name in names}
    if classes:
        wanted = [spelled(label) for label in classes]
        places = {spelled(key): name for key, name in bare.items()}
        if set(wanted) <= set(places):
            return [places[key] for key in wanted], list(classes)
    prefixed = [name for name in names if PROBABILITY_PREFIX.match(name)]
    for candidates in (prefixed, list(names)):
        matrix = _stacked(output, candidates) if len(candidates) > 1 else None
        if matrix is not None and _adds_to_one(matrix):
            keys = [PROBABILITY_PREFIX.sub("", name) for name in candidates]
            return candidates, [int(key) if key.isdigit() else key for key in keys]
    return [], []
