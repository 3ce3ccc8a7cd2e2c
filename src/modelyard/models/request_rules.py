"""What is wrong with a request to try or import a model, before anything is fetched."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.models.commands import ModelRequest
from modelyard.models.types import SavedModel


def check_request(command: ModelRequest[Any], model: SavedModel) -> None:
    """Refuse at once what could only fail later.

    Raises:
        Invalid: classes, threshold or features do not go with the prediction type or each other.
    """
    kind, classes = model.prediction_type, command.classes
    if command.dataset and command.features:
        raise errors.Invalid(
            "features come from --dataset or from --features, not from both", field="features"
        )
    if classes and kind not in {"binary_classification", "multiclass"}:
        raise errors.Invalid(
            f"{model.name!r} has prediction type {kind}, which has no --classes", field="classes"
        )
    if kind == "binary_classification" and classes and len(classes) != 2:
        raise errors.Invalid(
            f"{model.name!r} is a binary classification: --classes takes exactly 2 labels, "
            f"negative first, not {len(classes)}",
            field="classes",
        )
    if kind == "multiclass" and len(classes) == 1:
        raise errors.Invalid(
            f"{model.name!r} is multiclass: --classes takes 2 labels or more", field="classes"
        )
    if len(set(map(str, classes))) < len(classes):
        raise errors.Invalid(
            f"--classes names a label twice: {', '.join(map(str, classes))}", field="classes"
        )
    if command.threshold is not None and kind != "binary_classification":
        raise errors.Invalid(
            f"{model.name!r} has prediction type {kind}, which has no --threshold",
            field="threshold",
        )
