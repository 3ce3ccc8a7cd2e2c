"""Whether what moved moved towards the truth."""

from __future__ import annotations

from typing import Literal

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, Ints, metric
from modelyard.analysis.intervals import of_share
from modelyard.analysis.moves.types import TruthSide

Merit = Literal["accuracy", "mean absolute error"]


def side_of_flips(
    column: str, truth: Ints, before: Ints, after: Ints, confidence: float
) -> TruthSide:
    """Tell flips to the right side from those to the wrong one; the truth of all rows is known."""
    was, now = before == truth, after == truth
    neither = (before != after) & ~was & ~now
    merits = (was.astype(np.float64), now.astype(np.float64))
    return _told(column, "accuracy", merits, (now & ~was, was & ~now, neither), confidence)


def side_of_errors(
    column: str, truth: Floats, before: Floats, after: Floats, confidence: float
) -> TruthSide:
    """Tell rows that came nearer to the truth from those that went away from it."""
    was, now = np.abs(before - truth), np.abs(after - truth)
    neither = (before != after) & (was == now)
    moved = (now < was, was < now, neither)
    return _told(column, "mean absolute error", (was, now), moved, confidence)


def _told(
    column: str,
    merit: Merit,
    merits: tuple[Floats, Floats],
    moved: tuple[Bools, Bools, Bools],
    confidence: float,
) -> TruthSide:
    """Counts of rows that are better, worse and neither, with the exact sign test of the first two.

    Of two classifiers that is McNemar's exact test (1947, Psychometrika 12).
    """
    from scipy.stats import binomtest  # noqa: PLC0415  takes long to load

    rows = len(moved[0])
    better, worse, neither = (int(np.count_nonzero(each)) for each in moved)
    decided = better + worse
    share = better / decided if decided else np.nan
    limits = of_share(share, decided, confidence)
    return TruthSide(
        column=column,
        rows=rows,
        better=better,
        worse=worse,
        neither=neither,
        share=metric("better", share, limits, reason="no row got better or worse"),
        p=float(binomtest(better, decided).pvalue) if decided else None,
        merit=merit,
        merit_before=float(merits[0].mean()) if rows else None,
        merit_after=float(merits[1].mean()) if rows else None,
    )
