"""The bins in which both sides' shares are compared: few enough that each says something."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, Ints, gaps, plain, share, summed
from modelyard.analysis.drift.profile_types import CategoryCounts, ColumnProfile, NumberCounts
from modelyard.analysis.drift.types import Shares

CATEGORIES = 100
"""Categories that have a bin of their own, at most; the others share one."""
ALWAYS = 10
"""Those that have one in any case; of rarer ones a row is to be expected on the smaller side."""
MISSING = "missing values"
INFINITE = "infinite values"
MINUS_INFINITE = "minus infinite values"
NEW = "new categories"
OTHERS = "all others"
FORMS = {"timestamp": "%Y-%m-%d %H:%M:%S", "date": "%Y-%m-%d", "time": "%H:%M:%S"}
"""How moments are written, by how the name of their type begins."""
WHOLE = 1e15
"""Whole numbers below are written in full."""


@dataclass(frozen=True)
class Bins:
    """Counts of both sides in the same bins."""

    names: tuple[str, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    reference: Floats
    current: Floats
    unseen: float = 0.0
    """Share of rows whose category the reference is likely to lack by chance alone: Good (1953),
    The population frequencies of species, Biometrika 40."""
    unseen_error: float = 0.0
    """Its standard error: Esty (1983), A normal limit law for a nonparametric estimator of the
    coverage of a random sample, Annals of Statistics 11."""

    @cached_property
    def reference_shares(self) -> Floats:
        """Sum to one, if there are rows."""
        return _shares(self.reference)

    @cached_property
    def current_shares(self) -> Floats:
        """Sum to one, if there are rows."""
        return _shares(self.current)

    def pooled(self) -> tuple[Floats, Floats]:
        """Counts in which new categories and all others are one: what is new was chosen as such."""
        one = [at for at, name in enumerate(self.names) if name in (NEW, OTHERS)]
        if len(one) < 2:
            return self.reference, self.current
        pooled = [
            np.append(np.delete(x, one), x[one].sum()) for x in (self.reference, self.current)
        ]
        return pooled[0], pooled[1]

    @property
    def shares(self) -> Shares:
        """As a table."""
        old, new = self.reference_shares, self.current_shares
        ranges = any(x is not None for x in self.low)
        return Shares(
            bin=self.names,
            low=self.low if ranges else (),
            high=self.high if ranges else (),
            reference=plain(old),
            current=plain(new),
            change=gaps(100 * share(new - old, old)),
        )


def bins_of(reference: ColumnProfile, current: ColumnProfile, count: int) -> Bins:
    """Put both sides in bins.

    Args:
        reference: its profile; of numbers, its own values make the bins.
        current: counted like the reference.
        count: of bins for numbers, those of missing, infinite and unseen values apart.
    """
    if reference.numbers and current.numbers:
        found = _of_numbers(reference.type, reference.numbers, current.numbers, count)
    else:
        found = _of_categories(reference, current)
    return _with(found, MISSING, reference.missing, current.missing)


def _of_numbers(kind: str, reference: NumberCounts, current: NumberCounts, count: int) -> Bins:
    old, new = np.array(reference.counts), np.array(current.counts)
    codes, ranges = in_bins(reference, count)
    edges = np.array(reference.edges)
    lows = [x for x in (reference.low, current.low) if x is not None]
    highs = [x for x in (reference.high, current.high) if x is not None]
    names, low, high = [], [], []
    form = next((form for start, form in FORMS.items() if kind.startswith(start)), None)
    single = single_values(edges)
    for code in range(ranges):
        held = np.flatnonzero(codes == code)
        first, last = int(held[0]), int(held[-1])
        # A cell of a single value begins at the next lower number: the value is told instead.
        start = float(edges[first - 1 + (first > 0 and single[first])]) if first else min(lows)
        end = float(edges[last + single[last + 1]]) if last < len(edges) else max(highs)
        low.append(start)
        high.append(end)
        names.append(_range(start, end, form))
    whole = codes >= 0
    found = Bins(
        tuple(names),
        tuple(low),
        tuple(high),
        summed(codes[whole], old[whole].astype(float), ranges),
        summed(codes[whole], new[whole].astype(float), ranges),
    )
    found = _with(found, OTHERS, int(old[~whole].sum()), int(new[~whole].sum()))
    found = _with(found, MINUS_INFINITE, reference.negative_infinite, current.negative_infinite)
    return _with(found, INFINITE, reference.positive_infinite, current.positive_infinite)


def single_values(edges: Floats) -> Bools:
    """Which of the cells that edges make hold a single value."""
    single = np.zeros(len(edges) + 1, bool)
    single[1:-1] = np.nextafter(edges[:-1], np.inf) == edges[1:]
    return single


def in_bins(reference: NumberCounts, count: int) -> tuple[Ints, int]:
    """The bin of each cell, -1 for cells that are in none; and how many bins there are.

    A value that holds more than 1/count of the numbers is a bin of its own; the rest are cut at
    quantiles, in each stretch between such values apart. The outermost bins are open, but where
    one would be a single value, what lies beyond is in no bin.
    """
    counts, edges = np.array(reference.counts), np.array(reference.edges)
    codes = np.full(len(counts), -1, np.int64)
    if not reference.count:
        return codes, 0
    single = single_values(edges)
    own = np.flatnonzero(single & (counts * count > reference.count))
    rest = reference.count - int(counts[own].sum())
    used = 0
    for start, end in zip([0, *(own + 1).tolist()], [*own.tolist(), len(counts)], strict=True):
        part = counts[start:end]
        mass = int(part.sum())
        if mass:
            ranges = max(1, round((count - len(own)) * mass / rest))
            middle = part.cumsum() - part / 2
            place = np.minimum((middle * ranges / mass).astype(np.int64), ranges - 1)
            held = np.unique(place[part > 0])
            # Empty cells go with the bin before them, the first ones with the first bin.
            place = np.maximum(held.searchsorted(place, "right") - 1, 0)
            codes[start:end] = used + place
            used += len(held)
        if end < len(counts):
            codes[end] = used
            used += 1
    return codes, used


def _of_categories(reference: ColumnProfile, current: ColumnProfile) -> Bins:
    old = reference.categories or CategoryCounts()
    new = current.categories or CategoryCounts()
    at_new = dict(zip(new.values, new.counts, strict=True))
    counted = [
        (count, at_new.get(value, 0), value)
        for value, count in zip(old.values, old.counts, strict=True)
        if count
    ]
    everything = float(sum(new.counts))
    rows = float(sum(count for count, _, _ in counted)) + old.others
    # The commonest of both sides: those of the reference alone would be commoner there by choice.
    counted.sort(key=lambda each: (-each[0] - each[1], each[2]))
    smaller = min(rows, everything + new.others) / max(rows + everything + new.others, 1)
    own = sum((count + other) * smaller >= 1 for count, other, _ in counted)
    own = min(max(own, ALWAYS), CATEGORIES)
    unseen = old.once / max(rows, 1)
    # By their frequency in the reference they are shown.
    first = sorted(counted[:own], key=lambda each: (-each[0], each[2]))
    theirs = sum(other for _, other, _ in counted)
    fresh = everything - theirs
    found = Bins(
        tuple(value for _, _, value in first),
        (),
        (),
        np.array([count for count, _, _ in first], float),
        np.array([other for _, other, _ in first], float),
        unseen=unseen,
        unseen_error=math.sqrt(old.once * (1 - unseen) + 2 * old.twice) / max(rows, 1),
    )
    # What the reference keeps no count of cannot be told from what is new.
    rest = float(theirs - found.current.sum()) + new.others
    if old.others:
        rest, fresh = rest + fresh, 0.0
    elif new.others:
        rest, fresh = rest - new.others, fresh + new.others
    found = _with(found, OTHERS, rows - float(found.reference.sum()), rest)
    return _with(found, NEW, 0, fresh)


def _shares(counts: Floats) -> Floats:
    found: Floats = counts / max(counts.sum(), 1)
    return found


def _with(bins: Bins, name: str, reference: float, current: float) -> Bins:
    if not reference and not current:
        return bins
    return replace(
        bins,
        names=(*bins.names, name),
        low=(*bins.low, None) if bins.low else (),
        high=(*bins.high, None) if bins.high else (),
        reference=np.append(bins.reference, reference),
        current=np.append(bins.current, current),
    )


def _range(low: float, high: float, form: str | None) -> str:
    start, end = _word(low, form), _word(high, form)
    if start == end and low != high:
        start, end = f"{low:.17g}", f"{high:.17g}"
    return start if start == end else f"{start} to {end}"


def _word(number: float, form: str | None) -> str:
    if form:
        try:
            moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=number)
        except OverflowError:
            return f"{number:.6g}"
        return moment.strftime(form)
    return f"{number:.0f}" if number == round(number) and abs(number) < WHOLE else f"{number:.6g}"
