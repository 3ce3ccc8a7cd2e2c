"""Core metadata: what a version predicts, from what, with which classes in which order."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from modelyard import errors
from modelyard.models.types import CoreMetadata, Feature, SignatureReport
from modelyard.runtime.types import InputColumn, Label, LoadedModel, PredictionType

THRESHOLD = 0.5
NUMERIC = {"integer", "long", "float", "double"}
CATEGORICAL = {"string", "boolean"}
CLASSIFICATIONS: frozenset[PredictionType] = frozenset({"binary_classification", "multiclass"})
ClassOrder = Literal["model", "user", "none"]


def core_metadata(
    prediction_type: PredictionType,
    loaded: LoadedModel,
    report: SignatureReport,
    *,
    target: str | None = None,
    classes: Sequence[Label] = (),
    threshold: float | None = None,
    outputs: Sequence[Mapping[str, JsonValue]] | None = None,
) -> CoreMetadata:
    """Put together what is said of a version, checked against what the model itself tells.

    Strings and booleans are categorical features. `outputs` are the signature's.

    Raises:
        Invalid: the classes contradict the model's own, or the model is of another prediction type.
    """
    require_no_input(target, report)
    ordered: tuple[Label, ...] = ()
    order: ClassOrder = "none"
    if prediction_type in CLASSIFICATIONS:
        ordered, order = ordered_classes(prediction_type, tuple(classes), loaded.classes)
    elif prediction_type == "regression" and loaded.classes is not None:
        raise errors.Invalid(
            f"the model is a classifier of {_said(loaded.classes)}, but its saved model has "
            "prediction type regression; import it into a saved model of a classification type"
        )
    elif prediction_type == "regression" and _are_texts(outputs or ()):
        raise errors.Invalid(
            "the model's signature says that it returns text, but its saved model has prediction "
            "type regression; import it into a saved model of a classification type or of 'other'"
        )
    return CoreMetadata(
        target=target,
        classes=ordered,
        class_order=order,
        features=tuple(_feature(column) for column in report.inputs.columns),
        threshold=None
        if prediction_type != "binary_classification"
        else next(t for t in (threshold, loaded.threshold, THRESHOLD) if t is not None),
    )


def require_no_input(target: str | None, report: SignatureReport) -> None:
    """Raise Invalid where the column that a model predicts is one that it is given."""
    if target is not None and target in {column.name for column in report.inputs.columns}:
        raise errors.Invalid(
            f"--target {target!r} is one of the model's inputs; name the column that it predicts"
        )


def as_own(given: Sequence[Label], own: Sequence[Label]) -> tuple[Label, ...]:
    """Given labels, each as the own one that it reads like: "1" is 1 or 1.0, "true" is True."""
    return tuple(_as_own(label, own) for label in given)


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
    read = as_own(given, own)
    if read == tuple(own):
        return own, "model"
    if any(label in own and own.index(label) != at for at, label in enumerate(read)):
        raise errors.Invalid(
            f"--classes {_said(given)} is not the model's own order, and its probabilities would "
            f"go to the wrong classes; the model says: --classes {_typed(own)}"
        )
    if list(own) == list(range(len(own))):  # also [False, True], which equals [0, 1]
        return given, "user"
    raise errors.Invalid(
        f"--classes names {_said(given)}, which are not the model's own classes; the model says: "
        f"--classes {_typed(own)}"
    )


def lacks_classes(prediction_type: PredictionType, core: CoreMetadata) -> bool:
    """Whether a classifier's classes are known from nobody: user, model or output."""
    count = len(core.classes)
    return (prediction_type == "binary_classification" and count != 2) or (
        prediction_type == "multiclass" and not count
    )


def require_classes(prediction_type: PredictionType, core: CoreMetadata) -> None:
    """Raise Invalid where a classifier's classes are known from nobody."""
    if not lacks_classes(prediction_type, core):
        return
    if prediction_type == "multiclass":
        raise errors.Invalid(
            "the model does not tell its classes; name them in its own order with --classes A,B,C"
        )
    raise errors.Invalid(
        f"a binary classification has 2 classes, and {len(core.classes) or 'none'} are known: the "
        "model does not tell its own; name them with --classes negative,positive"
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


def _as_own(label: Label, own: Sequence[Label]) -> Label:
    """The model's own label that a given one reads like: "1" is 1 or 1.0, "true" is True."""
    text = str(label).strip()
    for known in own:
        if text == str(known) or (isinstance(known, bool) and text.lower() == str(known).lower()):
            return known
        if isinstance(known, int | float) and _number(text) == known:
            return known
    return label


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _are_texts(outputs: Sequence[Mapping[str, JsonValue]]) -> bool:
    return len(outputs) == 1 and outputs[0].get("type") == "string"


def _typed(labels: Sequence[Label]) -> str:
    """The labels as a command line takes them: with commas as a JSON array."""
    if any(isinstance(label, str) and re.search(r"""[,"']|^\s|\s$""", label) for label in labels):
        return shlex.quote(json.dumps(list(labels), ensure_ascii=False))
    return ",".join(map(str, labels))


def _said(labels: Sequence[Label]) -> str:
    shown = ", ".join(repr(label) for label in labels[:10])
    return f"{shown}, …" if len(labels) > 10 else shown
