"""What a change of performance comes of: data that are mixed otherwise, or another relation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelyard import errors
from modelyard.analysis.arrays import Ints
from modelyard.analysis.drift.types import DriftSettings, Why
from modelyard.analysis.drift.why import why
from modelyard.analysis.intake import Kept
from modelyard.analysis.losses import (
    Losses,
    binary_losses,
    multiclass_losses,
    regression_losses,
)
from modelyard.evaluations.binary import look
from modelyard.evaluations.drifting.planning import Answering
from modelyard.evaluations.drifting.sides import OpenSide
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.regression import look_at_errors


def split(
    answering: Answering,
    sides: tuple[OpenSide, OpenSide],
    settings: DriftSettings,
    columns: Sequence[str],
    cap: int,
) -> Why:
    """Split the change of the mean loss of rows, which the ranking of rows is none of.

    Args:
        answering: how answers are looked at.
        sides: the reference and current; the truth of both is known.
        settings: of the comparison.
        columns: to split by.
        cap: rows of each side that are looked at, at most.

    Raises:
        Unsupported: nothing is predicted.
    """
    code = _code(answering, sides)
    before, after = (_losses(answering, side, code) for side in sides)
    return why(
        code,
        (before[0], after[0]),
        (sides[0].rows, sides[1].rows),
        taken=(before[1], after[1]),
        settings=settings,
        columns=columns,
        cap=cap,
    )


def _code(answering: Answering, sides: tuple[OpenSide, OpenSide]) -> str:
    """The squared error of numbers, the log loss of probabilities; of labels whether they fail."""
    if not answering.view.classes:
        return "mse"
    has_all = all(side.answers is not None and side.answers.probabilities for side in sides)
    return "logLoss" if has_all else "hammingLoss"


def _losses(answering: Answering, side: OpenSide, code: str) -> tuple[Losses, Ints | None]:
    """What each row that is used loses, and which rows these are; none: all."""
    if side.answers is None:
        raise errors.Unsupported(f"nothing is predicted for {side.named.name}")
    view, threshold = answering.view, answering.threshold.value
    scored = side.answers.scored(view.classes)
    if not view.classes:
        numbers = look_at_errors(view, scored)
        return regression_losses(numbers, code), _used(numbers.kept)
    if view.positive is None:
        several = look_at_classes(view, scored)
        return multiclass_losses(several, code), _used(several.kept)
    two = look(view, scored)
    at = 0.5 if threshold is None else threshold
    return binary_losses(two, code, at), _used(two.rows.kept)


def _used(kept: Kept) -> Ints | None:
    return None if kept.mask is None else np.flatnonzero(kept.mask)
