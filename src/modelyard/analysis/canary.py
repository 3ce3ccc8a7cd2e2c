"""Whether a new generation does worse than the old one, on queries that are dealt out by chance.

Several looks at the same growing counts would find something sooner or later. So the error that is
allowed in all is spent over looks that are fixed beforehand, in equal parts: by Bonferroni's
inequality it is kept however looks depend on each other. That is an error-spending function that
rises by equal steps (Lan & DeMets, 1983, Discrete sequential boundaries for clinical trials,
Biometrika 70, 659-663), without what is known of the correlation of looks, and so conservative.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy import stats

LOOKS = (0.125, 0.25, 0.5, 1.0)
"""The shares of the queries of a step after which it is looked at."""


@dataclass(frozen=True)
class Counted:
    """What a generation answered: queries without refused ones, failures, times by bucket."""

    queries: int = 0
    failed: int = 0
    buckets: Mapping[int, int] | None = None


@dataclass(frozen=True)
class Compared:
    """A share of the new generation beside that of the old one."""

    old: float
    new: float
    p: float
    """Probability of a share of the new one as large by chance, were the true one not larger."""


def spent_at(error: float, steps: int, measures: int) -> float:
    """The error that is spent on one measure at one look."""
    return error / (steps * len(LOOKS) * measures)


def compare_errors(old: Counted, new: Counted) -> Compared:
    """Compare shares of failed queries by Fisher's exact test, one-sided.

    Given how many failed in all, those of the new generation are hypergeometric if both fail alike
    (Fisher, 1935, The logic of inductive inference, JRSS 98, 39-82).
    """
    return _fisher(new.failed, new.queries, old.failed, old.queries)


def compare_slow(old: Counted, new: Counted, edge: int) -> Compared:
    """Compare the share of the new generation's queries above a time with 1 of 100 of the old.

    If the time is a factor times the old one's 99th percentile, this asks whether the new one's is
    more than that factor larger: a percentile is above a bound exactly if more than that share is.
    The old one's share is 1 of 100 by construction, out of as many queries as it answered, which
    is how uncertain its percentile is (a quantile test as in Johnson, Verrill & Moore, 1987,
    Two-sample rank tests for detecting changes that occur in a small proportion of the treated
    population, Biometrics 43, 641-655).

    Args:
        old: what the old generation answered.
        new: what the new one did.
        edge: the last bucket that is not above the time.
    """
    slow = sum(count for bucket, count in (new.buckets or {}).items() if bucket > edge)
    timed = sum((new.buckets or {}).values())
    before = sum((old.buckets or {}).values())
    return _fisher(min(slow, timed), timed, math.ceil(before / 100), before)


def _fisher(new_bad: int, new: int, old_bad: int, old: int) -> Compared:
    if not new or not old:
        return Compared(old_bad / old if old else 0.0, new_bad / new if new else 0.0, 1.0)
    bad, total = new_bad + old_bad, new + old
    p = float(stats.hypergeom.sf(new_bad - 1, total, bad, new))
    return Compared(old_bad / old, new_bad / new, p)
