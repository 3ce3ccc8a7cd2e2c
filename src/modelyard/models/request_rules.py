"""What is wrong with a request to try or import a model, before anything is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelyard import errors
from modelyard.models.commands import ModelRequest
from modelyard.models.metadata import CLASSIFICATIONS
from modelyard.models.types import SavedModel
from modelyard.runtime.types import Label, PredictionType


def check_request(command: ModelRequest[Any], model: SavedModel) -> None:
    """Refuse at once what could only fail later.

    Raises:
        Invalid: classes, threshold or features do not go with the prediction type or each other.
    """
    if command.dataset and command.features:
        raise errors.Invalid(
            "features come from --dataset or from --features, not from both", field="features"
        )
    check_classes(model.name, model.prediction_type, command.classes)
    check_threshold(model.name, model.prediction_type, command.threshold)


def check_classes(model: str, kind: PredictionType, classes: Sequence[Label]) -> None:
    """Raise Invalid where classes do not go with the prediction type; none always do."""
    if classes and kind not in CLASSIFICATIONS:
        raise errors.Invalid(
            f"{model!r} has prediction type {kind}, which has no --classes", field="classes"
        )
    if kind == "binary_classification" and classes and len(classes) != 2:
        raise errors.Invalid(
            f"{model!r} is a binary classification: --classes takes exactly 2 labels, "
            f"negative first, not {len(classes)}",
            field="classes",
        )
    if kind == "multiclass" and len(classes) == 1:
        raise errors.Invalid(
            f"{model!r} is multiclass: --classes takes 2 labels or more", field="classes"
        )
    if len(set(map(str, classes))) < len(classes):
        raise errors.Invalid(
            f"--classes names a label twice: {', '.join(map(str, classes))}", field="classes"
        )


def check_threshold(model: str, kind: PredictionType, threshold: float | None) -> None:
    """Raise Invalid where there is a threshold that the prediction type does not have."""
    if threshold is not None and kind != "binary_classification":
        raise errors.Invalid(
            f"{model!r} has prediction type {kind}, which has no --threshold", field="threshold"
        )
