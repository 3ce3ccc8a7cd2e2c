"""Core metadata: what a version predicts, from what, with which classes in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from modelyard import errors
from modelyard.models.types import CoreMetadata, Feature, SignatureReport
from modelyard.runtime.types import InputColumn, Label, LoadedModel, PredictionType

THRESHOLD = 0.5
NUMERIC = {"integer", "long", "float", "double"}
CATEGORICAL = {"string", "boolean"}
ClassOrder = Literal["model", "user", "none"]


def core_metadata(
    prediction_type: PredictionType,
    loaded: LoadedModel,
    report: SignatureReport,
    *,
    target: str | None = None,
    classes: Sequence[Label] = (),
    threshold: float | None = None,
) -> CoreMetadata:
    """Put together what is said of a version, checked against what the model itself tells.

    Raises:
        Invalid: the classes contradict the model's own, or the model is of another prediction type.
    """
    if target is not None and target in {column.name for column in report.inputs.columns}:
        raise errors.Invalid(
            f"--target {target!r} is one of the model's inputs; name the column that it predicts"
        )
    ordered: tuple[Label, ...] = ()
    order: ClassOrder = "none"
    if prediction_type in {"binary_classification", "multiclass"}:
        ordered, order = ordered_classes(prediction_type, tuple(classes), loaded.classes)
    elif prediction_type == "regression" and loaded.classes is not None:
        raise errors.Invalid(
            f"the model is a classifier of {_said(loaded.classes)}, but its saved model has "
            "prediction type regression; import it into a saved model of a classification type"
        )
    return CoreMetadata(
        target=target,
        classes=ordered,
        class_order=order,
        features=tuple(_feature(column) for column in report.inputs.columns),
        threshold=(THRESHOLD if threshold is None else threshold)
        if prediction_type == "binary_classification"
        else None,
    )


def ordered_classes(
    prediction_type: PredictionType, given: tuple[Label, ...], own: tuple[Label, ...] | None
) -> tuple[tuple[Label, ...], ClassOrder]:
    """The classes in the model's order, and who says so.

    Labels are the same if they read the same (`1` and "1"). A model whose own classes are 0 to k-1
    was trained on encoded labels: the given ones are then names for these, by position.

    Raises:
        Invalid: the number, the labels or their order contradict the model's own.
    """
    if own is None:
        return given, "user" if given else "none"
    if prediction_type == "binary_classification" and len(own) != 2:
        raise errors.Invalid(
            f"the model has {len(own)} classes ({_said(own)}), but its saved model has prediction "
            "type binary_classification; import it into a multiclass saved model"
        )
    if not given:
        return own, "model"
    if len(given) != len(own):
        raise errors.Invalid(
            f"--classes names {len(given)} labels ({_said(given)}), but the model has {len(own)}: "
            f"{_said(own)}"
        )
    if _texts(given) == _texts(own):
        return own, "model"
    if sorted(_texts(given)) == sorted(_texts(own)):
        raise errors.Invalid(
            f"--classes {_said(given)} is not the model's own order, and its probabilities would "
            f"go to the wrong classes; the model says: --classes {','.join(map(str, own))}"
        )
    positions = [str(n) for n in range(len(own))]
    if _texts(own) in (positions, ["False", "True"]):
        return given, "user"
    raise errors.Invalid(
        f"--classes {_said(given)} are not the model's own classes; the model says: "
        f"--classes {','.join(map(str, own))}"
    )


def _feature(column: InputColumn) -> Feature:
    role: Literal["numeric", "categorical", "datetime", "text", "other"] = "other"
    if column.categories is not None or column.type in CATEGORICAL:
        role = "categorical"
    elif column.type in NUMERIC:
        role = "numeric"
    elif column.type == "datetime":
        role = "datetime"
    return Feature(name=column.name, type=column.type, role=role)


def _texts(labels: Sequence[Label]) -> list[str]:
    return [str(label) for label in labels]


def _said(labels: Sequence[Label]) -> str:
    shown = ", ".join(repr(label) for label in labels[:10])
    return f"{shown}, …" if len(labels) > 10 else shown
