"""Profiles that are merged, and false alarms that are as many as allowed."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from modelyard.analysis.drift.bins import bins_of
from modelyard.analysis.drift.chunks import Chunks, joint
from modelyard.analysis.drift.columns import columns_drift, profiles_of
from modelyard.analysis.drift.profiles import cells, counted, merged, profiled
from modelyard.analysis.drift.sides import TableRows
from modelyard.analysis.drift.types import DriftSettings


def rows(**columns):
    return TableRows(pa.table(columns))


def numbers(n, seed=0):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(n) < 0.3, 0.0, rng.lognormal(0, 2, n))
    values[: n // 50] = rng.integers(0, 5, n // 50)
    return values


# Profiles


@pytest.mark.parametrize("n", [50, 700, 40_000])
def test_chunks_that_are_merged_are_the_whole(n):
    values = numbers(n)
    values[n // 2] = math.nan
    values[n // 3] = -math.inf
    whole = pa.array(values)
    profile = profiled("x", whole)
    parts = [counted(profile, whole[start : start + n // 4]) for start in range(0, n, n // 4)]
    found = parts[0]
    for part in parts[1:]:
        found = merged(found, part)
    assert (found.rows, found.missing) == (n, 1)
    same, held = profile.numbers, found.numbers
    assert held.counts == same.counts
    assert (held.low, held.high, held.negative_infinite) == (same.low, same.high, 1)
    finite = values[np.isfinite(values)]
    assert held.mean == pytest.approx(finite.mean())
    assert held.std == pytest.approx(finite.std())
    assert sum(held.counts) == held.count == n - 2
    assert profile.model_validate_json(profile.model_dump_json()) == profile


def test_categories_are_merged_too():
    words = pa.array(["a", "b", "a", None, "c", "a"])
    profile = profiled("x", words)
    assert profile.categories.values == ("a", "b", "c")
    found = merged(counted(profile, words[:3]), counted(profile, pa.array(["c", "d", None])))
    assert dict(zip(found.categories.values, found.categories.counts, strict=True)) == {
        "a": 2,
        "b": 1,
        "c": 1,
        "d": 1,
    }
    assert found.missing == 1
    with pytest.raises(ValueError, match="different kinds"):
        merged(profile, profiled("x", pa.array([1.0])))
    with pytest.raises(ValueError, match="same cells"):
        merged(profiled("x", pa.array([1.0])), profiled("x", pa.array([2.0])))


def test_dictionaries_that_differ_by_chunk_count_alike():
    parts = [pa.array(side).dictionary_encode() for side in (["a", "b", None], ["b", "c"])]
    found = profiled("x", pa.chunked_array(parts)).categories
    assert dict(zip(found.values, found.counts, strict=True)) == {"a": 1, "b": 2, "c": 1}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4) | st.floats(-1e3, 1e3), min_size=1, max_size=300))
def test_cells_hold_every_number_once(values):
    ordered = np.sort(np.array(values, float))
    edges = cells(ordered)
    assert (np.diff(edges) > 0).all()
    assert edges[0] < ordered[0]
    assert edges[-1] == ordered[-1]


@pytest.mark.parametrize("kind", ["spread", "zeros", "whole", "tail", "huge"])
def test_a_grid_counts_like_a_search(kind):
    rng = np.random.default_rng(1)
    n = 40_000
    sides = {
        "spread": rng.normal(size=2 * n),
        "zeros": np.where(rng.random(2 * n) < 0.9, 0.0, rng.exponential(1, 2 * n)),
        "whole": rng.integers(-20, 400, 2 * n).astype(float),
        "tail": rng.standard_cauchy(2 * n) ** 3,
        "huge": rng.normal(size=2 * n) * 1e307,
    }[kind]
    profile = profiled("x", pa.array(sides[:n]))
    edges = np.array(profile.numbers.edges)
    found = counted(profile, pa.array(sides[n:])).numbers.counts
    assert list(found) == np.bincount(edges.searchsorted(sides[n:]), minlength=len(found)).tolist()


# False alarms


@pytest.mark.parametrize("size", [60, 400])
def test_false_alarms_are_as_many_as_allowed(size):
    rng = np.random.default_rng(2)
    reference = rows(
        normal=rng.normal(size=20_000),
        zeros=np.where(rng.random(20_000) < 0.8, 0.0, rng.exponential(1, 20_000)),
        word=rng.choice(list("abcdefgh"), 20_000, p=[0.4, 0.3, 0.1, 0.1, 0.04, 0.03, 0.02, 0.01]),
    )
    stored = profiles_of(reference)
    asked = DriftSettings(false_alarms=0.1)
    past = dict.fromkeys([(name, test) for name in stored for test in ("psi", "js")], 0)
    past |= {("normal", "wasserstein"): 0, ("normal", "ks"): 0, ("zeros", "wasserstein"): 0}
    past |= {("word", "chi2"): 0}
    windows = 120
    for _ in range(windows):
        window = TableRows(reference.table.take(rng.integers(0, 20_000, size)))
        for column in columns_drift(stored, window, asked):
            for test in column.tests:
                if (column.name, test.test) in past:
                    past[column.name, test.test] += test.statistic > test.chance
    low, high = stats.binom(windows, 0.1).ppf([0.0005, 0.9995])
    for key, count in past.items():
        assert low <= count <= high, key


def test_categories_that_a_small_reference_lacks_are_no_alarm():
    rng = np.random.default_rng(6)
    names = np.array([f"k{at}" for at in range(2000)])
    weights = 1 / (np.arange(2000) + 1.0)
    past = 0
    for _ in range(60):
        old, new = (rng.choice(names, 500, p=weights / weights.sum()) for _ in range(2))
        (found,) = columns_drift(rows(x=old), rows(x=new), DriftSettings(false_alarms=0.05))
        past += found.outcome == "drifted"
    assert past <= stats.binom(60, 0.05).ppf(0.999)


def test_the_larger_of_what_matters_and_what_chance_reaches_is_the_threshold():
    rng = np.random.default_rng(3)
    reference = rng.normal(size=5000)
    large, small = rng.normal(size=5000), rng.normal(size=40)
    (found,) = columns_drift(rows(x=reference), rows(x=large), tests=["psi"])
    assert (found.tests[0].threshold, found.tests[0].threshold_from) == (0.2, "default")
    assert found.tests[0].chance < 0.02
    (found,) = columns_drift(rows(x=reference), rows(x=small), tests=["psi"])
    assert found.tests[0].threshold == found.tests[0].chance > 0.2
    assert found.tests[0].threshold_from == "reference"
    given_one = DriftSettings(thresholds={"psi": 0.1})
    (found,) = columns_drift(rows(x=reference), rows(x=small), given_one, tests=["psi"])
    assert (found.tests[0].threshold, found.tests[0].threshold_from) == (0.1, "given")


def test_all_columns_of_a_report_may_share_the_false_alarms():
    rng = np.random.default_rng(4)
    old = rows(**{f"x{at}": rng.normal(size=2000) for at in range(8)})
    new = TableRows(old.table[:100])
    chances = [
        columns_drift(old, new, DriftSettings(false_alarms_of=of), tests=["ks"])[0].tests[0].chance
        for of in ("column", "report")
    ]
    assert chances[0] < chances[1]


def test_chance_of_psi_is_that_of_chi_square_where_bins_are_full():
    rng = np.random.default_rng(5)
    old, new = pa.array(rng.normal(size=9000)), pa.array(rng.normal(size=3000))
    profile = profiled("x", old)
    chunks = Chunks(bins_of(profile, counted(profile, new), 10), 0.05, seed=1)
    assert chunks.rows == joint(9000, 3000) == 2250
    psi = ((chunks.shares - 0.1) * np.log(chunks.shares / 0.1)).sum(axis=1)
    assert chunks.limit(psi) == pytest.approx(stats.chi2(9).ppf(0.95) / 2250, rel=0.1)


def test_a_reference_of_one_row_each_expects_new_categories():
    old = [f"a{at}" for at in range(60)] + ["b"] * 60
    new = [f"c{at}" for at in range(40)] + ["b"] * 60
    (found,) = columns_drift(rows(x=old), rows(x=new), tests=["new"])
    assert found.tests[0].statistic == pytest.approx(0.4)
    assert 0.5 < found.tests[0].chance < 0.7
    assert "by chance 0.5" in found.tests[0].note
