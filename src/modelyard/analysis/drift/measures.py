"""How far two distributions are apart, and how likely that is by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modelyard.analysis.arrays import Floats

LEAST_SHARE = 1e-4
"""Smaller shares count as this one in PSI: it is very high for what is gone, but not infinite."""
STRIDE = 64
"""Values between two at which distribution functions are first looked at."""


def psi(reference: Floats, current: Floats) -> Floats:
    """Population stability index of shares that lie along the last axis; natural logarithm.

    Sum of (current - reference) ln(current / reference); Siddiqi (2006), Credit Risk Scorecards,
    which is Jeffreys' divergence.
    """
    old, new = np.maximum(reference, LEAST_SHARE), np.maximum(current, LEAST_SHARE)
    found: Floats = ((new - old) * np.log(new / old)).sum(axis=-1)
    return found


def jensen_shannon(reference: Floats, current: Floats) -> Floats:
    """Jensen-Shannon distance, base 2: 0 to 1; the root of the divergence of Lin (1991)."""
    middle = (reference + current) / 2
    divergence = (_relative(reference, middle) + _relative(current, middle)) / 2
    found: Floats = np.sqrt(np.maximum(divergence, 0))
    return found


def cramers_v(reference: Floats, current: Floats) -> Floats:
    """Cramér's V of side by category, as if both sides were as many: 0 to 1.

    With sides of equal size it is the root of chi-square over all rows; sizes do not change it.
    """
    both = reference + current
    parts = np.divide(
        (reference - current) ** 2, both, out=np.zeros(np.shape(both)), where=both > 0
    )
    found: Floats = np.sqrt(parts.sum(axis=-1) / 2)
    return found


def chi_square(reference: Floats, current: Floats) -> tuple[float, int, float]:
    """Pearson's chi-square of two lines of counts, its degrees of freedom, the least expected one.

    Without Yates' correction, whatever the number of categories.
    """
    held = (reference + current) > 0
    counts = np.stack([reference[held], current[held]])
    total = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    statistic = float((((counts - expected) ** 2) / expected).sum())
    return statistic, counts.shape[1] - 1, float(expected.min())


def chi_square_p(statistic: float, freedom: int) -> float:
    """How likely a chi-square is at least so large by chance."""
    from scipy.special import chdtrc  # noqa: PLC0415 - slow to import

    return 1.0 if freedom < 1 else float(chdtrc(freedom, statistic))


def ks_distance(a: Floats, b: Floats) -> float:
    """Kolmogorov-Smirnov distance of two sorted samples: the largest gap of their distributions.

    The gap is computed at some of the values first, and then at all those between two of them
    where it could be larger.
    """
    stride = STRIDE if len(a) + len(b) > 100 * STRIDE else 1
    points = np.unique(np.concatenate([a[::stride], b[::stride], a[-1:], b[-1:]]))
    at_a, at_b = a.searchsorted(points, "right"), b.searchsorted(points, "right")
    f, g = at_a / len(a), at_b / len(b)
    largest = float(np.abs(f - g).max())
    reach = np.maximum(f[1:] - g[:-1], g[1:] - f[:-1])
    for at in np.flatnonzero(reach > largest).tolist() if stride > 1 else ():
        if reach[at] > largest:
            inner = np.concatenate([a[at_a[at] : at_a[at + 1]], b[at_b[at] : at_b[at + 1]]])
            mine = at_a[at] + a[at_a[at] : at_a[at + 1]].searchsorted(inner, "right")
            theirs = at_b[at] + b[at_b[at] : at_b[at + 1]].searchsorted(inner, "right")
            largest = max(largest, float(np.abs(mine / len(a) - theirs / len(b)).max()))
    return largest


def ks_p(distance: float, a: int, b: int) -> float:
    """How likely a distance is at least so large by chance, in samples of a and b values.

    Kolmogorov's limit at any size, with Stephens' correction for small ones (1970, Use of the
    Kolmogorov-Smirnov, Cramér-von Mises and related statistics without extensive tables, JRSS B
    32). Where values are tied it is too large.
    """
    from scipy.special import kolmogorov  # noqa: PLC0415 - slow to import

    root = math.sqrt(a * b / (a + b))
    return float(kolmogorov((root + 0.12 + 0.11 / root) * distance))


def ks_limit(chance: float, rows: float) -> float:
    """The distance that has that p-value, in samples that tell as much as one of so many rows."""
    from scipy.special import kolmogi  # noqa: PLC0415 - slow to import

    root = math.sqrt(rows)
    return min(float(kolmogi(chance)) / (root + 0.12 + 0.11 / root), 1.0)


def wasserstein(a: Floats, b: Floats) -> float:
    """Wasserstein distance of order 1 of two sorted samples: the mean way between quantiles."""
    if len(a) == len(b):
        return float(np.abs(a - b).mean())
    # Quantiles change at i / len(a) and at j / len(b): counted in parts of 1 / (len(a) len(b)).
    ends = np.concatenate([np.arange(1, len(a) + 1) * len(b), np.arange(1, len(b) + 1) * len(a)])
    ends.sort(kind="stable")
    steps = np.diff(ends, prepend=0)
    gaps = np.abs(a[(ends - 1) // len(b)] - b[(ends - 1) // len(a)])
    return float(gaps @ steps) / (len(a) * len(b))


def area_between(gaps: Floats, widths: Floats) -> Floats:
    """Area of the absolute value of lines between gaps, which lie along the last axis."""
    left, right = gaps[..., :-1], gaps[..., 1:]
    size = np.abs(left) + np.abs(right)
    crossing = left * right < 0
    height = size / 2
    np.divide(left**2 + right**2, 2 * size, out=height, where=crossing)
    found: Floats = height @ widths
    return found


def shares_differ_p(a: float, of_a: float, b: float, of_b: float) -> float:
    """Two-sided p-value of equal shares: the z-test with the pooled share."""
    pooled = (a + b) / (of_a + of_b)
    variance = pooled * (1 - pooled) * (1 / of_a + 1 / of_b)
    if variance <= 0:
        return 1.0
    return math.erfc(abs(a / of_a - b / of_b) / math.sqrt(2 * variance))


def holm(p_values: Sequence[float], tests: int | None = None) -> list[float]:
    """P-values corrected for how many there are; Holm (1979), Scand. J. Statistics 6.

    Args:
        p_values: in any order.
        tests: how many there are, if more than are told here.
    """
    count = tests or len(p_values)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [1.0] * len(p_values)
    largest = 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (count - rank) * p_values[at]))
        corrected[at] = largest
    return corrected


def _relative(shares: Floats, middle: Floats) -> Floats:
    ratio = np.divide(shares, middle, out=np.ones(np.shape(middle)), where=shares > 0)
    found: Floats = (shares * np.log2(ratio)).sum(axis=-1)
    return found
