"""Curves with fewer points, under which there is as much as before."""

from __future__ import annotations

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, Ints

VERTICES = 200
"""Points of a curve that are kept, besides those between them that keep the area."""


def vertices(length: Floats, count: int = VERTICES, also: int = 0) -> Ints:
    """Which points of a curve are kept: where it has gone on by an equal part of its length.

    Args:
        length: of the curve up to each point after the first, in x plus y.
        count: how many are kept of a curve that has more than twice as many points.
        also: the number of a point that is kept besides them.

    Returns:
        Numbers of points, from 0, which is the first.
    """
    size = len(length) + 1
    if size <= 2 * count:
        return np.arange(size)
    at = np.searchsorted(length, np.linspace(0, length[-1], count + 1)[1:]) + 1
    return np.unique(np.concatenate([[0, also], at, [size - 1]]))


def thinned(kept: Ints, x: Floats, y: Floats, under: Floats) -> tuple[Floats, Floats, Ints]:
    """Thin a curve that rises in both x and y from (0, 0) to (1, 1) and is joined by lines.

    All points between two neighbours that are kept lie in the box that these span; in their place
    comes one point of the diagonal of that box from which the area under the curve is what it was.
    So the thinned curve rises too, is never further than 2 / VERTICES from the curve, and has its
    area up to rounding.

    Args:
        kept: which points of the curve are kept (`vertices`).
        x: of each of them.
        y: the same.
        under: the area under the curve up to each of them.

    Returns:
        x, y, and which point of the curve it is; -1 for those between.
    """
    width, height = np.diff(x), np.diff(y)
    above = np.diff(under) - width * (y[:-1] + y[1:]) / 2
    box = width * height
    part = np.divide(2 * above, box, out=np.zeros_like(box), where=box > 0)
    between_x = x[:-1] + width / 2 * (1 - part)
    between_y = y[:-1] + height / 2 * (1 + part)
    return _woven(kept, (np.diff(kept) > 1) & (box > 0), x, y, between_x, between_y)


def _woven(
    kept: Ints, bent: Bools, x: Floats, y: Floats, between_x: Floats, between_y: Floats
) -> tuple[Floats, Floats, Ints]:
    """Kept points, with those between where there are any."""
    places = np.concatenate([kept * 2, kept[:-1][bent] * 2 + 1])
    order = np.argsort(places)
    which = np.concatenate([kept, np.full(int(bent.sum()), -1)])
    return (
        np.concatenate([x, between_x[bent]])[order],
        np.concatenate([y, between_y[bent]])[order],
        which[order],
    )


def thinned_steps(x: Floats, height: Floats, steps: int = 2 * VERTICES) -> tuple[Floats, Ints]:
    """Thin a curve of steps: `height[k]` holds from `x[k - 1]` (or 0) to `x[k]`, which is more.

    A step of the thinned curve has the mean height of those that it replaces, so that its area is
    theirs.

    Returns:
        The height of each step, and which of the points is its right end.
    """
    if len(x) <= steps:
        return height, np.arange(len(x))
    at = np.searchsorted(x, np.linspace(0, x[-1], steps + 1)[1:])
    kept = np.unique(np.minimum(at, len(x) - 1))
    area = np.cumsum(np.diff(x, prepend=0.0) * height)[kept]
    return np.diff(area, prepend=0.0) / np.diff(x[kept], prepend=0.0), kept
