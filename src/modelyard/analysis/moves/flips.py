"""Rows that two classifiers answer with different classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelyard.analysis.arrays import Floats, Ints, metric
from modelyard.analysis.intervals import of_share
from modelyard.analysis.moves.types import ClassMove, Flip, Flips

MOST_KINDS = 200


@dataclass(frozen=True)
class Chances:
    """Mean probabilities of classes, NaN where there are none."""

    before: Floats
    after: Floats


def flips(
    before: Ints, after: Ints, names: Sequence[str], chances: Chances, confidence: float
) -> Flips:
    """Count the rows whose class is another one, with Wilson's limits of their share.

    Args:
        before: positions of the classes that were answered.
        after: the same rows, answered by the other model.
        names: of the classes of both.
        chances: mean probabilities of these classes.
        confidence: of the interval.
    """
    rows, count = len(before), len(names)
    cells = np.bincount(before * count + after, minlength=count * count).reshape(count, count)
    moved = cells.copy()
    np.fill_diagonal(moved, 0)
    flipped = int(moved.sum())
    order = np.argsort(-moved, axis=None, kind="stable")[: np.count_nonzero(moved)]
    kinds = [
        Flip(before=names[at // count], after=names[at % count], rows=int(moved.flat[at]))
        for at in order[:MOST_KINDS].tolist()
    ]
    share = flipped / rows if rows else np.nan
    return Flips(
        rows=rows,
        flipped=flipped,
        share=metric(
            "flipped", share, of_share(share, rows, confidence), reason="no row can be compared"
        ),
        kinds=tuple(kinds),
        kinds_left_out=len(order) - len(kinds),
        classes=tuple(
            ClassMove(
                label=name,
                share_before=float(cells[at].sum()) / max(rows, 1),
                share_after=float(cells[:, at].sum()) / max(rows, 1),
                probability_before=_known(chances.before[at]),
                probability_after=_known(chances.after[at]),
            )
            for at, name in enumerate(names)
        ),
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
