"""What truth and predictions are compared by: the classes, the one to be found, the threshold."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from modelyard import errors
from modelyard.analysis.labels import coded
from modelyard.data.access import Source, require_columns
from modelyard.evaluations.asked_types import Judging, Standalone
from modelyard.evaluations.figures import Threshold
from modelyard.evaluations.types import ThresholdFrom, View
from modelyard.runtime.types import Label, PredictionType

NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
BATCH = 65_536
MOST_NAMED = 10
MOST_CLASSES = 1000


def require_numbers(name: str | None, source: Source, what: str = "weights") -> None:
    """Refuse a column that is not there or holds no numbers."""
    if name is None:
        return
    require_columns([name], source.schema.names, source.name)
    kind = source.schema.field(name).type
    if not any(fits(kind) for fits in NUMBERS):
        raise errors.Invalid(
            f"column {name!r} of {source.name} holds {kind}, not numbers; {what} are numbers"
        )


def positive_class(
    command: Judging, kind: PredictionType, classes: tuple[Label, ...], called: str
) -> Label | None:
    """The class to be found.

    Raises:
        Invalid: there is no such class, or an option is not for this prediction type.
    """
    asked = {
        "--positive": command.positive is not None,
        "--threshold": command.threshold is not None,
        "--optimise": command.optimise is not None,
    }
    if kind != "binary_classification":
        for option in (name for name, given in asked.items() if given):
            raise errors.Invalid(
                f"{option} is for binary classification; {called} is of type {kind}"
            )
        return None
    if command.positive is None:
        return classes[1]
    for label in classes:
        if str(label) == str(command.positive):
            return label
    raise errors.Invalid(
        f"--positive {command.positive!r} is no class of {called}; they are "
        f"{classes[0]!r} and {classes[1]!r}"
    )


def threshold_of(
    command: Judging,
    view: View,
    *,
    own: float | None,
    has_scores: bool,
    called: str,
    origin: ThresholdFrom = "version",
) -> Threshold:
    """From which score on the positive class is predicted.

    Args:
        command: what was asked for.
        view: how the rows are looked at.
        own: the threshold for the second class that the version has.
        has_scores: whether there are probabilities.
        called: whose predictions they are.
        origin: where it comes from, unless it is asked for.

    Raises:
        Unsupported: a threshold was asked for, and there are labels only.
    """
    if view.positive is None:
        return Threshold()
    if not has_scores:
        if command.threshold is None and command.optimise is None:
            return Threshold()
        raise errors.Unsupported(
            f"a threshold needs probabilities; {called} gives labels only",
            field="optimise" if command.threshold is None else "threshold",
        )
    if command.threshold is not None:
        return Threshold(command.threshold, "given")
    value = 0.5 if own is None else own
    if view.positive != view.classes[1]:
        # Just above: what lies on the version's threshold is of its second class.
        value = math.nextafter(1 - value, 2)
    return Threshold(value, origin, command.optimise)


def standalone_classes(
    command: Standalone, kind: PredictionType, source: Source
) -> tuple[Label, ...]:
    """The classes of a dataset that something else scored, in their order.

    Raises:
        Invalid: they are not known or not as many as they have to be, or probabilities are not of
            all of them.
    """
    if kind in {"regression", "other"}:
        if command.classes:
            raise errors.Invalid(f"--classes are of classifications; the type is {kind}")
        return ()
    classes = command.classes or tuple(command.probabilities) or _found(command, source)
    if len({str(each) for each in classes}) < len(classes):
        raise errors.Invalid("--classes names a class twice", field="classes")
    if command.probabilities and {*map(str, classes)} != set(command.probabilities):
        odd = {*map(str, classes)} ^ set(command.probabilities)
        raise errors.Invalid(
            f"--probabilities and --classes are not of the same classes: {', '.join(sorted(odd))}",
            field="probabilities",
        )
    if kind == "binary_classification" and len(classes) != 2:
        told = ", ".join(map(repr, classes[:20])) or "none"
        raise errors.Invalid(
            f"a binary classification has two classes, and there are: {told}; give both by "
            "--classes",
            field="classes",
        )
    if len(classes) < 2:
        raise errors.Invalid("there are fewer than two classes; name them by --classes")
    return classes


def _found(command: Standalone, source: Source) -> tuple[Label, ...]:
    """The labels of truth and predictions, sorted."""
    names = [each for each in (command.prediction, command.target) if each is not None]
    seen: dict[Label, None] = {}
    for batch in source.batches(rows=BATCH, columns=list(dict.fromkeys(names))):
        for column in batch.columns:
            labels = pc.unique(column).drop_null().to_pylist()
            seen |= dict.fromkeys(_label(each) for each in labels)
        if len(seen) > MOST_CLASSES:
            raise errors.Invalid(
                f"{' and '.join(map(repr, names))} of {source.name} hold more than "
                f"{MOST_CLASSES:,} different values; are they classes?"
            )
    return tuple(sorted(seen, key=lambda each: (isinstance(each, str), each)))


def _label(value: object) -> Label:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


def require_truth(source: Source, target: str, view: View, called: str) -> None:
    """Look at the target alone, before anything is scored.

    Raises:
        Invalid: no row has a truth, or it cannot be compared with predictions.
    """
    column = _whole(source, target)
    if len(column) and column.null_count == len(column):
        raise errors.Invalid(
            f"no row of {source.name} has a value in its target {target!r}; without a truth "
            "--skip-performance keeps rows and predictions"
        )
    if view.prediction_type == "regression":
        if not any(fits(column.type) for fits in NUMBERS):
            raise errors.Invalid(
                f"the target {target!r} of {source.name} holds {column.type}, not numbers; "
                f"{called} is a regression"
            )
    elif view.classes:
        advice = "Leave these rows out, or name another --target"
        _require_known(column, f"the target {target!r} of {source.name}", view, called, advice)


def require_predictions(source: Source, name: str, view: View, called: str) -> None:
    """Look at predictions that were made before.

    Raises:
        Invalid: they are no numbers, or no classes.
    """
    what = f"the prediction {name!r} of {source.name}"
    if view.prediction_type == "regression":
        require_numbers(name, source, "predictions of a regression")
    elif view.classes:
        advice = "Name another --prediction, or all classes"
        _require_known(_whole(source, name), what, view, called, advice)


def _whole(source: Source, name: str) -> pa.ChunkedArray:
    return pa.chunked_array(
        [batch.column(0) for batch in source.batches(rows=BATCH, columns=[name])],
        source.schema.field(name).type,
    )


def _require_known(
    column: pa.ChunkedArray, what: str, view: View, called: str, advice: str
) -> None:
    unknown = coded(column, view.classes).unknown
    if not unknown:
        return
    told = _listed(
        f"{label!r} ({'1 row' if count == 1 else f'{count:,} rows'})"
        for label, count in unknown.items()
    )
    classes = ", ".join(map(repr, view.classes[:20]))
    raise errors.Invalid(
        f"{what} has labels that {called} does not know: {told}; its classes are {classes}. "
        f"{advice}",
        unknown=[str(label) for label in unknown][:100],
    )


def _listed(texts: Iterable[str]) -> str:
    every = list(texts)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more
