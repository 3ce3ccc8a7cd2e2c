"""Curves with fewer points, under which there is as much as before."""

from __future__ import annotations

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, Ints

VERTICES = 200
"""Points of a curve that are kept, besides those between them that keep the area."""


def thinned(
    x: Floats, y: Floats, under: Floats, vertices: int = VERTICES
) -> tuple[Floats, Floats, Ints]:
    """Thin a curve that rises in both x and y from (0, 0) to (1, 1) and is joined by lines.

    Vertices are kept where the curve has gone on by an equal part of its length (in x plus y). All
    points between two neighbours lie in the box that these span; in their place comes one point of
    the diagonal of that box from which the area under the curve is what it was. So the thinned
    curve rises too, is never further than 2 / vertices from the curve, and has its area up to
    rounding.

    Args:
        x: of each point.
        y: the same.
        under: the area under the curve up to each point.
        vertices: how many are kept.

    Returns:
        x, y, and which point of the curve it is; -1 for those between.
    """
    if len(x) <= 2 * vertices:
        return x, y, np.arange(len(x))
    length = x + y
    at = np.searchsorted(length, np.linspace(length[0], length[-1], vertices + 1))
    kept = np.unique(np.concatenate([[0], at, [len(x) - 1]]))
    left, right = kept[:-1], kept[1:]
    width, height = x[right] - x[left], y[right] - y[left]
    above = under[right] - under[left] - width * (y[left] + y[right]) / 2
    box = width * height
    part = np.divide(2 * above, box, out=np.zeros_like(box), where=box > 0)
    between_x = x[left] + width / 2 * (1 - part)
    between_y = y[left] + height / 2 * (1 + part)
    return _woven(kept, (right - left > 1) & (box > 0), x, y, between_x, between_y)


def _woven(
    kept: Ints, bent: Bools, x: Floats, y: Floats, between_x: Floats, between_y: Floats
) -> tuple[Floats, Floats, Ints]:
    """Kept points, with those between where there are any."""
    places = np.concatenate([kept * 2, kept[:-1][bent] * 2 + 1])
    order = np.argsort(places)
    which = np.concatenate([kept, np.full(int(bent.sum()), -1)])
    return (
        np.concatenate([x[kept], between_x[bent]])[order],
        np.concatenate([y[kept], between_y[bent]])[order],
        which[order],
    )


def thinned_steps(x: Floats, height: Floats, steps: int = 2 * VERTICES) -> tuple[Floats, Ints]:
    """Thin a curve of steps: `height[k]` holds from `x[k - 1]` (or 0) to `x[k]`.

    A step of the thinned curve has the mean height of those that it replaces, so that its area is
    theirs. Where x goes on in no step, it is left out.

    Returns:
        The height of each step, and which of the points is its right end.
    """
    wide = np.flatnonzero(np.diff(x, prepend=0.0) > 0)
    if len(wide) <= steps:
        return height[wide], wide
    at = np.searchsorted(x[wide], np.linspace(0, x[-1], steps + 1)[1:])
    kept = wide[np.unique(np.minimum(at, len(wide) - 1))]
    area = np.cumsum(np.diff(x, prepend=0.0) * height)[kept]
    return np.diff(area, prepend=0.0) / np.diff(x[kept], prepend=0.0), kept
