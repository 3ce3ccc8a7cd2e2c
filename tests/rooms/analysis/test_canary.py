"""Comparing a new generation with the old one: against scipy and statsmodels, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import test_proportions_2indep as two_shares

from modelyard.analysis.canary import LOOKS, Counted, compare_errors, compare_slow, spent_at


@pytest.mark.parametrize(
    ("old", "new"),
    [((5, 1000), (9, 200)), ((0, 400), (0, 30)), ((300, 300), (7, 8)), ((2, 9), (3, 4))],
)
def test_errors_are_compared_by_fishers_exact_test(old, new):
    table = [[new[0], new[1] - new[0]], [old[0], old[1] - old[0]]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    found = compare_errors(Counted(old[1], old[0]), Counted(new[1], new[0]))
    assert found.p == pytest.approx(expected, rel=1e-9)
    assert (found.old, found.new) == (old[0] / old[1], new[0] / new[1])


def test_of_many_it_agrees_with_the_score_test():
    found = compare_errors(Counted(100_000, 1000), Counted(20_000, 230))
    expected = two_shares(230, 20_000, 1000, 100_000, method="score", alternative="larger").pvalue
    assert expected <= found.p <= expected * 1.2, "the exact test is the more careful one"


def test_without_queries_nothing_is_worse():
    for old, new in ((Counted(), Counted(10, 10)), (Counted(10, 0), Counted())):
        assert compare_errors(old, new).p == 1
        assert compare_slow(old, new, 3).p == 1


def test_times_above_a_bound_are_compared_with_one_of_a_hundred():
    old = Counted(1000, 0, {3: 990, 9: 10})
    new = Counted(400, 0, {3: 380, 5: 4, 9: 16})
    table = [[16, 384], [10, 990]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    found = compare_slow(old, new, 5)
    assert (found.p, found.new) == (pytest.approx(expected, rel=1e-9), 0.04)
    assert compare_slow(old, new, 9).new == 0


def test_looking_again_and_again_goes_back_without_reason_no_more_often_than_is_said():
    rng, error, steps, wanted = np.random.default_rng(11), 0.2, (0.05, 0.25), 400
    level = spent_at(error, len(steps), 1)
    alarms = 0
    for _ in range(400):
        found = False
        for share in steps:
            new = np.cumsum(rng.binomial(1, 0.1, wanted))
            old = np.cumsum(rng.binomial(1, 0.1, int(wanted * (1 - share) / share)))
            for part in LOOKS:
                n, m = int(wanted * part), int(len(old) * part)
                sides = Counted(m, int(old[m - 1])), Counted(n, int(new[n - 1]))
                found = found or compare_errors(*sides).p < level
        alarms += found
    assert stats.binomtest(alarms, 400, error, alternative="greater").pvalue > 0.01
    assert alarms > 0, "it would never find anything"
