"""Drift tests: the built-in ones, and those that installed packages bring.

The thresholds of the built-in ones mean about the same: a normal variable that moved by 0.4 to 0.5
of its standard deviation.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from modelyard.analysis.arrays import Floats
from modelyard.analysis.drift import measures
from modelyard.analysis.drift.bins import NEW, single_values
from modelyard.analysis.drift.chunks import Chunks, joint
from modelyard.analysis.drift.compared import Compared, DriftTest, Measured
from modelyard.analysis.drift.profile_types import NumberCounts
from modelyard.analysis.drift.profiles import finite
from modelyard.analysis.drift.types import ColumnKind
from modelyard.kernel.plugs import Plugs

NUMBERS: frozenset[ColumnKind] = frozenset({"numeric", "text"})
CATEGORIES: frozenset[ColumnKind] = frozenset({"categorical"})
ALL = NUMBERS | CATEGORIES
TOO_LARGE = "the numbers are too large to be computed with"
FEW = 5
"""Expected rows below which chi-square's p-value is rough."""


def _psi(compared: Compared) -> Measured:
    bins = compared.bins
    return Measured(float(measures.psi(bins.reference_shares, bins.current_shares)))


def _psi_chance(compared: Compared, chunks: Chunks) -> float:
    return chunks.limit(measures.psi(compared.bins.reference_shares, chunks.shares))


def _js(compared: Compared) -> Measured:
    bins = compared.bins
    return Measured(float(measures.jensen_shannon(bins.reference_shares, bins.current_shares)))


def _js_chance(compared: Compared, chunks: Chunks) -> float:
    return chunks.limit(measures.jensen_shannon(compared.bins.reference_shares, chunks.shares))


def _chi2(compared: Compared) -> Measured:
    bins = compared.bins
    statistic, freedom, expected = measures.chi_square(*bins.pooled())
    return Measured(
        float(measures.cramers_v(bins.reference_shares, bins.current_shares)),
        measures.chi_square_p(statistic, freedom),
        note=f"the p-value is rough: {expected:.2g} rows are expected of one category"
        if expected < FEW
        else None,
    )


def _chi2_chance(compared: Compared, chunks: Chunks) -> float:
    return chunks.limit(measures.cramers_v(compared.bins.reference_shares, chunks.shares))


def _ks(compared: Compared) -> Measured:
    reference, current, reason = _numbers(compared, infinite=True)
    if reason:
        return Measured(reason=reason)
    if compared.reference_numbers is not None and compared.current_numbers is not None:
        distance, exact = (
            measures.ks_distance(compared.reference_numbers, compared.current_numbers),
            True,
        )
    else:
        distance, exact = _ks_of_cells(compared, reference, current), _is_exact(compared)
    p_value = measures.ks_p(distance, reference.whole, current.whole)
    return Measured(distance, p_value, exact=exact)


def _ks_chance(compared: Compared, chunks: Chunks) -> float:
    reference, current, _ = _numbers(compared, infinite=True)
    return measures.ks_limit(chunks.past, joint(reference.whole, current.whole))


def _wasserstein(compared: Compared) -> Measured:
    reference, current, reason = _numbers(compared, infinite=False)
    if reason:
        return Measured(reason=reason)
    if reference.std == 0:
        return Measured(reason="the reference is constant, and has no scale")
    if not reference.std or current.mean is None:
        return Measured(reason=TOO_LARGE)
    if compared.reference_numbers is not None and compared.current_numbers is not None:
        old, new = finite(compared.reference_numbers), finite(compared.current_numbers)
        distance, exact = measures.wasserstein(old, new), True
    else:
        distance, exact = _area_of_cells(compared, reference, current), _is_exact(compared)
    return Measured(distance / reference.std, exact=exact)


def _wasserstein_chance(compared: Compared, chunks: Chunks) -> float:
    reference, current, _ = _numbers(compared, infinite=False)
    shares = compared.finite_up_to[0] / reference.count
    widths = np.diff(compared.edges)
    rows = joint(reference.count, current.count)
    return chunks.area_limit(shares, widths, rows) / (reference.std or math.inf)


def _missing(compared: Compared) -> Measured:
    old, new = compared.reference, compared.current
    return Measured(
        abs(new.missing / new.rows - old.missing / old.rows),
        measures.shares_differ_p(old.missing, old.rows, new.missing, new.rows),
    )


def _missing_chance(compared: Compared, chunks: Chunks) -> float:
    old = compared.reference
    share = old.missing / old.rows
    if not share:
        return 0.0
    rng = np.random.default_rng(chunks.seed)
    drawn = rng.binomial(max(round(chunks.rows), 1), share, chunks.count)
    return chunks.limit(np.abs(drawn / max(round(chunks.rows), 1) - share))


def _new(compared: Compared) -> Measured:
    bins, categories = compared.bins, compared.reference.categories
    if categories and categories.others:
        return Measured(reason="the reference has more categories than are kept")
    share = float(bins.current_shares[bins.names.index(NEW)]) if NEW in bins.names else 0.0
    note = None
    if bins.unseen and share:
        note = (
            f"by chance {bins.unseen:.2g} is to be expected, as {bins.unseen:.2g} of the "
            "reference's rows hold a category of their own"
        )
    return Measured(share, note=note)


def _new_chance(compared: Compared, chunks: Chunks) -> float:
    if NEW not in compared.bins.names:
        return 0.0
    return chunks.limit(chunks.shares[:, compared.bins.names.index(NEW)])


def _numbers(
    compared: Compared, *, infinite: bool
) -> tuple[NumberCounts, NumberCounts, str | None]:
    old = compared.reference.numbers or NumberCounts(count=0)
    new = compared.current.numbers or NumberCounts(count=0)
    for side, held in (("reference", old), ("current", new)):
        if not (held.whole if infinite else held.count):
            return old, new, f"{side} has no {'' if infinite else 'finite '}numbers"
    return old, new, None


def _is_exact(compared: Compared) -> bool:
    """Whether all numbers are in cells of a single value, so that nothing is rounded."""
    single = single_values(compared.edges)
    sides = (compared.reference.numbers, compared.current.numbers)
    return not any(np.array(side.counts)[~single].any() for side in sides if side)


def _ks_of_cells(compared: Compared, reference: NumberCounts, current: NumberCounts) -> float:
    old, new = compared.finite_up_to
    gaps = (reference.negative_infinite + old) / reference.whole - (
        current.negative_infinite + new
    ) / current.whole
    ends = [
        reference.negative_infinite / reference.whole - current.negative_infinite / current.whole,
        reference.positive_infinite / reference.whole - current.positive_infinite / current.whole,
    ]
    return float(np.abs(np.append(gaps, ends)).max())


def _area_of_cells(compared: Compared, reference: NumberCounts, current: NumberCounts) -> float:
    """Within cells numbers are taken to be spread evenly; beyond the edges sums are known."""
    edges = compared.edges
    old, new = compared.finite_up_to
    inside = measures.area_between(old / reference.count - new / current.count, np.diff(edges))
    return float(inside) + _beyond(edges, reference, current)


def _beyond(edges: Floats, reference: NumberCounts, current: NumberCounts) -> float:
    outside = []
    for side in (reference, current):
        below = side.counts[0] * edges[0] - (side.below or 0.0)
        above = (side.above or 0.0) - side.counts[-1] * edges[-1]
        outside.append((below / side.count, above / side.count))
    (old_below, old_above), (new_below, new_above) = outside
    return float(abs(old_below - new_below) + abs(old_above - new_above))


BUILT_IN = (
    DriftTest(
        "psi",
        "Population stability index",
        "PSI",
        ALL,
        0.2,
        "of the shares of bins and categories, missing, infinite and new values included; shares "
        "below 0.0001 count as 0.0001; natural logarithm",
        _psi,
        _psi_chance,
    ),
    DriftTest(
        "ks",
        "Kolmogorov-Smirnov",
        "KS",
        NUMBERS,
        0.2,
        "largest gap of the distribution functions of the known values",
        _ks,
        _ks_chance,
    ),
    DriftTest(
        "wasserstein",
        "Wasserstein",
        "Wasserstein",
        NUMBERS,
        0.4,
        "mean way that finite values moved, in standard deviations of the reference; of long tails "
        "chance reaches further than the reference's own values show",
        _wasserstein,
        _wasserstein_chance,
    ),
    DriftTest(
        "js",
        "Jensen-Shannon",
        "Jensen-Shannon",
        ALL,
        0.2,
        "distance of the same shares as PSI, base 2: 0 to 1",
        _js,
        _js_chance,
    ),
    DriftTest(
        "chi2",
        "Chi-square",
        "Cramér's V",
        CATEGORIES,
        0.2,
        "the p-value is chi-square's, the statistic Cramér's V as if both sides were as many: "
        "0 to 1",
        _chi2,
        _chi2_chance,
    ),
    DriftTest(
        "missing",
        "Missing values",
        "a change in missing values",
        ALL,
        0.05,
        "difference of the shares of missing values; z-test",
        _missing,
        _missing_chance,
    ),
    DriftTest(
        "new",
        "New categories",
        "a share of new categories",
        CATEGORIES,
        0.05,
        "share of current's rows whose category the reference lacks",
        _new,
        _new_chance,
    ),
)

DRIFT_TESTS: Plugs[DriftTest] = Plugs(
    "drift_tests", "drift test", {test.name: test for test in BUILT_IN}
)
"""The drift tests by name."""


def measure(
    test: DriftTest, compared: Compared, chunks: Chunks | None
) -> tuple[Measured, float | None]:
    """What a test finds, and which statistic chance reaches; a failure is told as its reason."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            measured = test.function(compared)
            chance = None
            if measured.statistic is not None and test.chance and chunks:
                chance = test.chance(compared, chunks)
    except Exception as exc:  # a package's own code runs here: anything may come
        if test in BUILT_IN:
            raise
        return Measured(reason=f"the test failed: {exc!r}"), None
    if measured.statistic is not None and not math.isfinite(measured.statistic):
        return Measured(reason=TOO_LARGE), None
    return measured, chance if chance is None or math.isfinite(chance) else None


@cache
def all_tests() -> tuple[DriftTest, ...]:
    """All of them; to ask all installed packages takes longer than to compare a small window.

    Raises:
        Conflict: several packages bring one of the same name.
        Failed: one of a package cannot be imported.
    """
    return tuple(DRIFT_TESTS.get(name) for name in DRIFT_TESTS.names())
