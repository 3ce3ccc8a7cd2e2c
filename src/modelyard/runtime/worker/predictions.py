"""Raw output to predictions by a stored rule: a label or number per row, and probabilities."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa

from .flavors.flavor import CLASSIFICATION
from .labels import Classes, as_they_come, listed, plain, settle, spelled, text
from .outputs import Output, per_row
from .problems import Problem

DEFAULT_THRESHOLD = 0.5
TOLERANCE = 1e-6
RAW_SCORES = "for raw scores set the interpretation's activation to sigmoid or softmax"


class Wish(NamedTuple):
    """What is wanted of a prediction beyond the rule."""

    prediction_type: str
    classes: Optional[Sequence[Any]] = None
    """The user's labels in the model's order."""
    threshold: Optional[float] = None
    """Binary only: the second class from this probability up."""
    probabilities: bool = True


class NoProbabilities(Problem):
    """Some rows have numbers where probabilities are due.

    Args:
        rows: where they are in the output, in order.
        odd: such a number of each of them.
    """

    def __init__(self, rows: np.ndarray, odd: np.ndarray) -> None:
        self.rows = rows
        self.reasons = [
            f"the model returned {each:.6g} where a probability was due" for each in odd
        ]
        super().__init__("failed", f"{self.reasons[0]}; {RAW_SCORES}", part="activation")


class Predictions(NamedTuple):
    """The restructured table, and what a user should know of how it came about."""

    table: pa.Table
    notes: List[str]


def restructure(output: Output, rule: Mapping[str, Any], wish: Wish) -> Predictions:
    """Restructure an output by an `Interpretation` (as JSON).

    Returns:
        Column `prediction`, and `proba_<class>` (float64) where the rule gives probabilities and
        they are wanted. A prediction is null where the model gave none (NaN).

    Raises:
        Problem: the rule does not restructure, or the classes contradict the model's
            (`unsupported`, `invalid`); the output is not as the rule says (`failed`).
    """
    name = rule["rule"]
    if name == "values":
        raise Problem(
            "unsupported",
            f"this output cannot be restructured ({rule['reason']}); use mode direct, or say by "
            "an interpretation how to read it",
        )
    if (name == "number") != (wish.prediction_type == "regression"):
        raise Problem(
            "unsupported",
            f"rule {name} gives no predictions of type {wish.prediction_type}",
            part="rule",
        )
    if name == "number":
        numbers = _numbers(_pick(output, rule["label"]), "the prediction")
        return Predictions(pa.table({"prediction": pa.array(numbers, from_pandas=True)}), [])
    classes = settled(rule, wish)
    if name == "labels":
        return _from_labels(output, rule, classes)
    return _from_probabilities(output, rule, classes, wish)


def settled(rule: Mapping[str, Any], wish: Wish) -> Optional[Classes]:
    """The classes by which an output is read.

    Raises:
        Problem: the user's contradict the model's, or their number the type (`invalid`).
    """
    classes = settle(rule["classes"], wish.classes)
    if (
        classes is not None
        and wish.prediction_type == "binary_classification"
        and len(classes.shown) != 2
    ):
        raise Problem(
            "invalid",
            f"binary classification has two classes, the model has {len(classes.shown)}: "
            f"{listed(classes.shown)}",
            classes=list(classes.shown),
            part="classes",
        )
    return classes


def columns_of(
    classes: Optional[Classes], rule: Mapping[str, Any], wish: Wish
) -> Optional[pa.Table]:
    """The empty restructured table, where its types are known without a prediction."""
    if rule["rule"] == "number":
        return pa.table({"prediction": pa.array([], pa.float64())})
    if classes is None or wish.prediction_type not in CLASSIFICATION:
        return None
    empty = np.array([], dtype=np.int64)
    columns = {"prediction": classes.column(empty)}
    if rule["rule"] != "labels" and wish.probabilities:
        columns.update(
            {f"proba_{text(label)}": pa.array([], pa.float64()) for label in classes.shown}
        )
    return pa.table(columns)


def _from_labels(
    output: Output, rule: Mapping[str, Any], classes: Optional[Classes]
) -> Predictions:
    raw = _pick(output, rule["label"])
    if raw.ndim != 1:
        raise Problem(
            "failed",
            f"the model returned {per_row(raw)}, where one label was expected",
            part="call" if rule["call"] == "native" else "rule",
        )
    notes = ["the model gives labels without probabilities"]
    if classes is None:
        return Predictions(pa.table({"prediction": as_they_come(raw)}), notes)
    labels = classes.column(classes.positions(raw, notes))
    return Predictions(pa.table({"prediction": labels}), [*notes, *classes.notes])


def _from_probabilities(
    output: Output, rule: Mapping[str, Any], classes: Optional[Classes], wish: Wish
) -> Predictions:
    matrix, found = _matrix(output, rule, classes)
    if classes is None or (classes.own is None and rule["rule"] == "class_maps"):
        classes = settle(found, wish.classes)
        assert classes is not None  # noqa: S101  every matrix has at least positions
    notes = list(classes.notes)
    positions = _decide(matrix, wish)
    if rule["label"] is not None and rule["rule"] != "probabilities":
        labels = classes.positions(_pick(output, rule["label"]), notes)
        _check_order(matrix, labels, classes)
        if wish.threshold is None or matrix.shape[1] != 2:
            positions = labels
    columns = {"prediction": classes.column(positions)}
    if wish.probabilities:
        for at, label in enumerate(classes.shown):
            columns[f"proba_{text(label)}"] = pa.array(
                matrix[:, at], pa.float64(), from_pandas=True
            )
    return Predictions(pa.table(columns), notes)


def _decide(matrix: np.ndarray, wish: Wish) -> np.ndarray:
    """The class of each row: by the threshold for two, the likeliest for more; -1 for none."""
    if matrix.shape[1] == 2 and wish.prediction_type == "binary_classification":
        threshold = DEFAULT_THRESHOLD if wish.threshold is None else wish.threshold
        positions = (matrix[:, 1] >= threshold).astype(np.int64)
    else:
        positions = np.argmax(matrix, axis=1)
    return np.where(np.isnan(matrix).any(axis=1), -1, positions)


def _check_order(matrix: np.ndarray, labels: np.ndarray, classes: Classes) -> None:
    """Refuse an order of classes under which labels and probabilities contradict each other.

    Raises:
        Problem: every label is likeliest in another class's column (`invalid`).
    """
    known = (labels >= 0) & ~np.isnan(matrix).any(axis=1)
    likeliest = np.argmax(np.where(np.isnan(matrix), 0, matrix), axis=1)
    seen = {(int(mine), int(best)) for mine, best in zip(labels[known], likeliest[known])}
    pairs = dict(seen)
    one_to_one = len(pairs) == len(seen) == len(set(pairs.values())) and len(pairs) > 1
    if one_to_one and any(mine != best for mine, best in pairs.items()):
        shown = list(classes.shown)
        order = [shown[mine] for mine, _ in sorted(pairs.items(), key=lambda pair: pair[1])]
        raise Problem(
            "invalid",
            f"the classes are {listed(shown)}, in this order; by the model's own labels it is "
            f"{listed(order)}",
            given=shown,
            own=order,
            part="classes",
        )


def _pick(output: Output, name: Optional[str], part: str = "label") -> np.ndarray:
    """One of the outputs, by name, or by position where the names are ours.

    Raises:
        Problem: there is none (`failed`); `part` of the interpretation named it.
    """
    only = output.only()
    if name is None and only is not None:
        return only
    if name in output.arrays:
        return output.arrays[name]
    if only is not None and only.ndim == 2 and name is not None:
        at = name.replace("output_", "", 1)
        if at.isdigit() and int(at) < only.shape[1]:
            return np.asarray(only[:, int(at)])
    returned = ", ".join(output.arrays)
    raise Problem(
        "failed",
        f"the model returned several columns: {returned}; the interpretation names none of them"
        if name is None
        else f"the model returned no column {name!r}, which the interpretation names; it returned: "
        f"{returned}",
        part=part,
    )


def _numbers(array: np.ndarray, what: str) -> np.ndarray:
    if array.ndim == 1:
        try:
            if array.dtype == object:
                array = np.array(
                    [np.nan if plain(value) is None else plain(value) for value in array]
                )
            return array.astype(np.float64)
        except (TypeError, ValueError) as exc:
            raise Problem("failed", f"{what} is no number: {exc}", part="rule") from exc
    raise Problem(
        "failed", f"the model returned {per_row(array)}, where {what} was expected", part="rule"
    )


def _matrix(
    output: Output, rule: Mapping[str, Any], classes: Optional[Classes]
) -> Tuple[np.ndarray, List[Any]]:
    """One probability per row and class, in the model's order; and the classes it stands for."""
    names = list(rule["probabilities"]) or [None]
    if rule["rule"] == "class_maps":
        return _from_maps(_pick(output, names[0], "probabilities"), classes)
    if names == [None] and output.only() is None:
        names = list(output.arrays)
    arrays = [_pick(output, name, "probabilities") for name in names]
    if len(arrays) == 1 and arrays[0].ndim == 2:
        matrix = arrays[0].astype(np.float64)
    else:
        matrix = np.column_stack([_numbers(array, "a probability") for array in arrays])
    matrix = _activate(matrix, rule["activation"])
    _check_range(matrix)
    if matrix.shape[1] == 1:
        matrix = np.column_stack([1 - matrix[:, 0], matrix[:, 0]])
    if classes is not None and len(classes.shown) != matrix.shape[1]:
        raise Problem(
            "failed",
            f"the model returned {matrix.shape[1]} probabilities per row for "
            f"{len(classes.shown)} classes: {listed(classes.shown)}",
            part="rule",
        )
    return matrix, list(range(matrix.shape[1]))


def _activate(scores: np.ndarray, activation: str) -> np.ndarray:
    if activation == "none":
        return scores
    if activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-scores)))
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _check_range(matrix: np.ndarray) -> None:
    """Refuse numbers outside of 0 to 1; missing ones are none.

    Raises:
        NoProbabilities: there are some.
    """
    odd = (matrix < -TOLERANCE) | (matrix > 1 + TOLERANCE)
    rows = np.flatnonzero(odd.any(axis=1))
    if len(rows):
        raise NoProbabilities(rows, matrix[rows, odd[rows].argmax(axis=1)])


def _from_maps(cells: np.ndarray, classes: Optional[Classes]) -> Tuple[np.ndarray, List[Any]]:
    """Expand maps from class to probability; a row without a map has no probabilities."""
    first = next(filter(_is_map, cells), None)
    if first is None:
        raise Problem("failed", "the model returned no maps from class to probability", part="rule")
    own = [plain(key) for key in first] if classes is None or classes.own is None else classes.own
    keys = [spelled(label) for label in own]
    names = {key: spelled(plain(key)) for key in set().union(*filter(_is_map, cells))}
    unknown = [key for key, name in names.items() if name not in keys]
    if unknown:
        raise Problem(
            "failed",
            f"the model maps {unknown[0]} to a number; its classes are {listed(own)}",
            part="classes",
        )
    order = [next((key for key, name in names.items() if name == wanted), None) for wanted in keys]
    nothing = [np.nan] * len(keys)
    rows = [[cell.get(key, 0.0) for key in order] if _is_map(cell) else nothing for cell in cells]
    return np.array(rows, dtype=np.float64), list(own)


def _is_map(cell: Any) -> bool:
    return isinstance(cell, Mapping)
