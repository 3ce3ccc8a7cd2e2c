"""How far performance without truth can be trusted: its own errors, and what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from modelyard.analysis.arrays import Ints
from modelyard.analysis.drift.sentences import counted
from modelyard.analysis.drift.types import Expected
from modelyard.analysis.names import HEADLINES, name_of
from modelyard.analysis.types import Metric

CHUNKS = 10
LEAST_CHUNK = 100
LEAST_CHUNKS = 3
FEW_BEFORE, FEW_LATER, FEW_OF_CLASS = 500, 100, 30
FAR = 0.85
"""AUC of the classifier that tells the sides apart, from which their overlap is poor."""
BEYOND = 0.01
"""Share of predictions beyond the reference's that is told."""
TIMES = 2.0
"""How many times what chance explains the errors on chunks may be."""
HEADS = (*HEADLINES, "accuracy", "precision", "recall", "logLoss", "mae")
"""Metrics whose realised values are compared with the limits."""
OUTSIDE = 1.5
"""How many times as far as its limit a realised value must be off; there are several of them."""


@dataclass(frozen=True)
class Chance:
    """Standard deviations of metrics around what is expected, by code."""

    by_row: dict[str, float]
    """What is due to the draw of truths, times the root of the number of rows."""
    learned: dict[str, float]
    """What is due to the rows that were learned from."""

    def of(self, code: str, rows: int) -> float:
        """Of so many rows; NaN where it is not known."""
        drawn = self.by_row.get(code, math.nan) / math.sqrt(rows)
        return math.hypot(drawn, self.learned.get(code, 0.0))


@dataclass(frozen=True)
class Errors:
    """Of the reference's own chunks."""

    mean: dict[str, float]
    """Mean absolute error by metric."""
    times: float
    """The largest, as times of what chance explains (root mean squares)."""


def chunks_of(rows: int, most: int = CHUNKS) -> Iterator[tuple[Ints, Ints]]:
    """Rows of each chunk, in the order in which they came, and all others."""
    count = min(most, rows // LEAST_CHUNK)
    if count < LEAST_CHUNKS:
        return
    for held in np.array_split(np.arange(rows), count):
        yield held, np.delete(np.arange(rows), held)


def errors_of(gaps: Sequence[tuple[int, dict[str, float]]], chance: Chance) -> Errors:
    """Sum up errors.

    Args:
        gaps: rows of each chunk, and by metric what came less what was expected.
        chance: how large they may be.
    """
    if not gaps:
        return Errors({}, 0.0)
    mean, times = {}, 0.0
    for code in gaps[0][1]:
        found = [(rows, gap[code]) for rows, gap in gaps if code in gap]
        mean[code] = float(np.mean([abs(gap) for _, gap in found]))
        squares = [(gap / sd) ** 2 for rows, gap in found if (sd := chance.of(code, rows)) > 0]
        if squares:
            times = max(times, math.sqrt(float(np.mean(squares))))
    return Errors(mean, times)


def few_rows(before: int, later: int, of_class: int | None = None) -> str:
    """That there are few rows; empty if there are enough."""
    if before < FEW_BEFORE:
        return f"the reference has {counted(before, 'row')} with a truth, and {FEW_BEFORE} are few"
    if of_class is not None and of_class < FEW_OF_CLASS:
        rarest = counted(of_class, "row")
        return f"the reference has {rarest} of its rarest class, and {FEW_OF_CLASS} are few"
    return (
        f"current has {counted(later, 'row')}, and {FEW_LATER} are few" if later < FEW_LATER else ""
    )


def with_doubts(
    found: Expected, errors: Errors, telling: Metric | None, beyond: float, few: str
) -> Expected:
    """Add the errors, and all that speaks against what is expected."""
    doubts = [few] if few else []
    if telling is not None and telling.value is not None and telling.value >= FAR:
        doubts.append(
            "a classifier tells current from the reference with an AUC of "
            f"{telling.value:.2f}: most rows are like few of the reference"
        )
    if beyond > BEYOND:
        doubts.append(f"{beyond:.1%} of current's predictions lie beyond all of the reference's")
    if errors.times > TIMES:
        doubts.append(
            f"on the reference's own chunks the errors are {errors.times:.1f} times what chance "
            "explains: what predictions are worth changes already there"
        )
    if outside := _outside(found):
        doubts.append(outside)
    return found.model_copy(
        update={"errors": errors.mean, "doubts": tuple(doubts), "trusted": not doubts}
    )


def _outside(found: Expected) -> str:
    """That what came is far from what was expected; empty if it is not, or nothing came."""
    realised = {each.code: each.value for each in found.realised}
    for each in found.metrics:
        value = realised.get(each.code)
        if each.code not in HEADS or value is None:
            continue
        if each.value is None or each.low is None or each.high is None:
            continue
        reach = each.high - each.value if value > each.value else each.value - each.low
        if abs(value - each.value) > reach * OUTSIDE:
            return (
                f"{name_of(each.code)} is {value:.4g} where a truth is known, and not between "
                f"{each.low:.4g} and {each.high:.4g}: truth depends on the columns otherwise than "
                "it did"
            )
    return ""


def without_result(
    method: Literal["confidence", "loss"], reason: str, realised: Sequence[Metric]
) -> Expected:
    """Nothing can be expected."""
    return Expected(method=method, realised=tuple(realised), trusted=False, reason=reason)
