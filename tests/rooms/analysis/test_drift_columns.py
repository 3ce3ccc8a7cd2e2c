"""Drift of columns: each test against scipy, outcomes, the traps of binning, bad input."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from modelyard import errors
from modelyard.analysis.drift import measures
from modelyard.analysis.drift.columns import columns_drift, profiles_of
from modelyard.analysis.drift.drift_tests import DRIFT_TESTS
from modelyard.analysis.drift.profile_types import ColumnProfile
from modelyard.analysis.drift.sides import TableRows
from modelyard.analysis.drift.types import DriftSettings

BASE_E = math.sqrt(math.log(2))
"""What turns a Jensen-Shannon distance of base 2 into one of base e."""
NO_CHANCE = DriftSettings(false_alarms=None)


def rows(**columns):
    return TableRows(pa.table(columns))


def drift(reference, current, given=NO_CHANCE, **more):
    (found,) = columns_drift(rows(x=reference), rows(x=current), given, **more)
    return found


def by_test(found):
    return {each.test: each for each in found.tests}


def sides(seed=0, n=900, m=700):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, n), rng.normal(0.5, 2.5, m)


@pytest.mark.parametrize(("n", "m"), [(900, 700), (40_000, 30_000), (5_000, 5_000), (31, 40_000)])
@pytest.mark.parametrize("ties", [False, True])
def test_ks_and_wasserstein_are_those_of_scipy(n, m, ties):
    old, new = (np.round(side, 1) if ties else side for side in sides(n=n, m=m))
    found = by_test(drift(old, new))
    expected = stats.ks_2samp(old, new, method="asymp")
    assert found["ks"].statistic == pytest.approx(expected.statistic, abs=1e-12)
    distance = stats.wasserstein_distance(old, new) / old.std()
    assert found["wasserstein"].statistic == pytest.approx(distance, rel=1e-9)
    assert found["ks"].exact
    assert found["wasserstein"].exact


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.1])
def test_ks_p_value_is_near_the_exact_one(shift):
    rng = np.random.default_rng(3)
    old, new = rng.normal(size=400), rng.normal(shift, size=300)
    found = by_test(drift(old, new))["ks"]
    assert found.p_value == pytest.approx(stats.ks_2samp(old, new, method="exact").pvalue, abs=0.01)


def test_limit_of_ks_has_its_chance():
    assert measures.ks_p(measures.ks_limit(0.01, 500), 1000, 1000) == pytest.approx(0.01)


def test_tests_of_categories_are_those_of_scipy():
    rng = np.random.default_rng(5)
    old = rng.choice(["a", "b", "c"], 800, p=[0.5, 0.3, 0.2])
    new = rng.choice(["a", "b", "c"], 800, p=[0.4, 0.35, 0.25])
    table = np.array([[(side == letter).sum() for letter in "abc"] for side in (old, new)])
    found = by_test(drift(old, new))
    expected = stats.chi2_contingency(table, correction=False)
    assert found["chi2"].p_value == pytest.approx(expected.pvalue)
    v = stats.contingency.association(table, method="cramer", correction=False)
    assert found["chi2"].statistic == pytest.approx(v)
    shares = table / 800
    assert found["js"].statistic == pytest.approx(jensenshannon(*shares, base=2))
    assert found["psi"].statistic == pytest.approx(
        stats.entropy(*shares) + stats.entropy(*shares[::-1])
    )
    assert found["psi"].threshold == 0.2
    assert not found["psi"].exceeded


def test_size_of_a_change_of_categories_does_not_depend_on_how_many_rows_sides_have():
    old, few, many = (["a"] * n + ["b"] * m for n, m in [(5000, 5000), (60, 40), (6000, 4000)])
    found = [by_test(drift(old, new))["chi2"].statistic for new in (few, many)]
    assert found[0] == pytest.approx(found[1])


def test_results_are_those_that_evidently_gives():
    """Version 0.7.23, legacy.calculations.stattests; its Jensen-Shannon distance is of base e."""
    found = by_test(
        drift(np.repeat(list("abc"), [50, 30, 20]), np.repeat(list("abd"), [30, 45, 25]))
    )
    assert found["psi"].statistic == pytest.approx(3.6376343907448727)
    assert found["js"].statistic * BASE_E == pytest.approx(0.4196933525424025)
    old = np.repeat(np.arange(8), [5, 10, 15, 20, 20, 15, 10, 5])
    new = np.repeat(np.arange(8), [2, 4, 10, 20, 24, 20, 12, 8])
    found = by_test(drift(old, new))
    assert found["psi"].statistic == pytest.approx(0.14216292718168058)
    assert found["js"].statistic * BASE_E == pytest.approx(0.13184427743938446)
    assert found["wasserstein"].statistic == pytest.approx(0.3217261138106328)
    found = by_test(drift(np.arange(1000) ** 2 / 1e4, np.arange(700) ** 1.9 / 1e4))
    assert found["wasserstein"].statistic == pytest.approx(0.823389025724233)


def test_results_are_those_that_nannyml_publishes():
    """In its test_univariate_drift_methods.py; its Jensen-Shannon distance is of base e."""
    rng = np.random.RandomState(1)
    old = rng.choice(np.linspace(0, 2, 6), 10_000)
    new = rng.choice(np.linspace(0, 2, 3), 1000)
    found = by_test(drift(old, new))
    assert found["js"].statistic * BASE_E == pytest.approx(0.61, abs=0.005)
    rng = np.random.RandomState(1)
    old, new = rng.choice(list("abcd"), 10_000), rng.choice(list("abce"), 1000)
    found = by_test(drift(old, new))
    assert found["js"].statistic * BASE_E == pytest.approx(0.42, abs=0.005)


def test_missing_values_are_tested_by_their_share():
    old = [1.0] * 90 + [None] * 5 + [math.nan] * 5
    new = [1.0] * 40 + [None] * 10
    found = drift(pa.array(old), pa.array(new))
    assert (found.reference_missing, found.current_missing) == (0.1, 0.2)
    missing = by_test(found)["missing"]
    assert missing.statistic == pytest.approx(0.1)
    assert missing.p_value == pytest.approx(proportions_ztest([10, 10], [100, 50])[1])
    assert missing.p_value == found.missing_p_value
    assert found.shares.bin[-1] == "missing values"
    assert found.shares.current[-1] == pytest.approx(0.2)


def test_p_values_are_corrected_for_all_columns():
    rng = np.random.default_rng(7)
    old = {f"x{at}": rng.normal(size=500) for at in range(6)}
    new = {f"x{at}": rng.normal(0.05 * at, size=500) for at in range(6)}
    found = columns_drift(rows(**old), rows(**new), NO_CHANCE)
    tests = [by_test(each)["ks"] for each in found]
    expected = multipletests([test.p_value for test in tests], method="holm")[1]
    assert [test.corrected for test in tests] == pytest.approx(expected.tolist())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.lists(st.floats(-1e6, 1e6) | st.integers(-3, 3).map(float), min_size=1, max_size=60),
)
def test_distances_hold_for_any_numbers(old, new):
    a, b = np.sort(old), np.sort(new)
    assert measures.ks_distance(a, b) == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)
    expected = stats.wasserstein_distance(a, b)
    assert measures.wasserstein(a, b) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert measures.ks_distance(a, a) == measures.wasserstein(b, b) == 0


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_shares_sum_to_one_and_sides_may_be_swapped(data):
    cell = st.none() | st.sampled_from([0.0, 1.0, math.inf, -math.inf]) | st.floats(-9, 9)
    old, new = (
        pa.array(data.draw(st.lists(cell, min_size=1, max_size=80)), pa.float64()) for _ in range(2)
    )
    found = drift(old, new)
    if found.shares is None:
        assert found.why
        return
    assert sum(found.shares.reference) == pytest.approx(1)
    assert sum(found.shares.current) == pytest.approx(1)
    back = by_test(drift(new, old))
    for name in ("ks", "missing"):
        assert back[name].statistic == pytest.approx(by_test(found)[name].statistic)
    same = by_test(drift(old, old))
    assert all(not test.statistic for test in same.values())


def test_equal_sides_are_stable():
    rng = np.random.default_rng(0)
    table = TableRows(
        pa.table(
            {
                "number": rng.normal(size=200),
                "word": rng.choice(["a", "b"], 200),
                "truth": rng.random(200) < 0.5,
                "day": rng.integers(0, 90, 200).astype("datetime64[D]"),
            }
        )
    )
    found = columns_drift(table, table)
    assert {each.outcome for each in found} == {"stable"}
    assert [each.kind for each in found] == ["numeric", "categorical", "categorical", "numeric"]
    assert all(not test.statistic for each in found for test in each.tests)
    assert found[3].shares.bin[0].startswith("1970-01-01 to 1970-01-")


# Traps of binning


def test_a_long_tail_does_not_hide_the_rest():
    rng = np.random.default_rng(1)
    old, new = rng.lognormal(0, 3, 5000), rng.lognormal(0.9, 3, 5000) * 1.5
    old[0] = 1e9
    found = drift(old, new)
    assert found.shares.reference == pytest.approx([0.1] * 10, abs=0.002)
    assert found.outcome == "look" or by_test(found)["psi"].statistic > 0.1


def test_zeros_have_a_bin_of_their_own_and_the_rest_has_others():
    rng = np.random.default_rng(2)
    old = np.where(rng.random(10_000) < 0.7, 0.0, rng.exponential(1, 10_000))
    found = drift(old, old)
    assert found.shares.bin[0] == "0"
    assert (found.shares.low[0], found.shares.high[0]) == (0, 0)
    assert found.shares.reference[0] == pytest.approx((old == 0).mean())
    assert len(found.shares.bin) == 10
    assert found.shares.reference[1:] == pytest.approx([0.3 / 9] * 9, abs=0.004)


def test_rare_events_that_double_are_to_be_looked_at_though_psi_hardly_moves():
    rng = np.random.default_rng(3)
    old = np.repeat([0.0, 1.0], [49_500, 500])
    new = np.where(rng.random(50_000) < 0.97, 0.0, 1.0)
    found = drift(old, new)
    assert by_test(found)["psi"].statistic < 0.2
    assert found.outcome == "look"
    assert "hides" in found.why
    # The same at a million rows: a tiny change is significant, and still stable.
    tiny = np.where(rng.random(1_000_000) < 0.9876, 0.0, 1.0)
    found = drift(np.tile(old, 20), tiny)
    assert by_test(found)["ks"].corrected < 0.05
    assert found.outcome == "stable"
    assert "but small" in found.why


def test_infinite_and_unseen_values_have_bins_of_their_own():
    found = drift([0.0] * 80 + [1.0] * 20, [0.0] * 50 + [2.0] * 40 + [math.inf] * 5 + [-3.0] * 5)
    assert found.shares.bin == ("0", "1", "all others", "infinite values")
    assert found.shares.current == (0.5, 0, 0.45, 0.05)
    assert found.shares.change == (pytest.approx(-37.5), -100, None, None)
    assert found.outcome == "drifted"
    assert by_test(found)["ks"].statistic == pytest.approx(0.45)


def test_a_missing_category_makes_psi_very_high_but_not_infinite():
    found = drift(["a"] * 50 + ["b"] * 50, ["c"] * 100)
    psi = by_test(found)["psi"].statistic
    assert 10 < psi < 50
    assert (found.new, found.gone, found.new_share) == (("c",), ("a", "b"), 1)
    assert by_test(found)["new"].exceeded
    assert by_test(found)["js"].statistic == pytest.approx(1)


def test_jensen_shannon_is_told_to_be_of_base_two():
    assert "base 2" in DRIFT_TESTS.get("js").description


def test_outcomes_do_not_flip_with_one_row_more():
    rng = np.random.default_rng(4)
    old, new = rng.normal(size=1001), rng.normal(0.2, 1, 1001)
    first = drift(old[:1000], new[:1000], DriftSettings())
    second = drift(old, new, DriftSettings())
    assert first.outcome == second.outcome == "stable"
    p_values = [by_test(each)["ks"].p_value for each in (first, second)]
    assert p_values[0] == pytest.approx(p_values[1], rel=0.2)


def test_whole_numbers_are_cut_between_values():
    old = np.repeat(np.arange(24), 50)
    found = drift(old, old)
    assert found.kind == "numeric"
    assert len(found.shares.bin) <= 10
    assert all(low == int(low) for low in found.shares.low)
    assert found.shares.low[1:] == found.shares.high[:-1]


def test_bins_are_called_by_their_values():
    def called(old):
        return drift(pa.array(old), pa.array(old)).shares.bin

    assert called([1234567, 1234569] * 20) == ("1234567", "1234569")
    assert called([0.1234567, 0.1234568] * 20)[0] == "0.123457"
    narrow = called((1e9 + np.arange(400) / 1e4).tolist())
    assert len(set(narrow)) == len(narrow) == 10
    noon = pa.array([43_200, 43_201] * 20, pa.time32("s"))
    assert called(noon) == ("12:00:00", "12:00:01")
    far = pa.array([2**62, 0] * 20, pa.timestamp("us"))
    assert called(far) == ("1970-01-01 00:00:00", "4.61169e+18")


# How columns are looked at


def test_handling_may_be_forced_and_what_was_found_is_told():
    hours = [8, 8, 9, 10] * 25
    asked = {"handling": {"x": "categorical"}}
    found = drift(hours, [8.0] * 100, NO_CHANCE.model_copy(update=asked))
    assert (found.kind, found.found) == ("categorical", "numeric")
    assert found.gone == ("10", "9")
    found = drift(
        ["1", "2", "x"] * 30,
        ["1", "3", "2"] * 30,
        NO_CHANCE.model_copy(update={"handling": {"x": "numeric"}}),
    )
    assert found.kind == "numeric"
    assert found.reference_missing == pytest.approx(1 / 3)


def test_excluded_columns_are_not_read():
    found = drift([1], [2], NO_CHANCE.model_copy(update={"handling": {"x": "excluded"}}))
    assert (found.outcome, found.why, found.tests) == ("unknown", "left out, as asked", ())


def test_long_words_of_which_no_two_are_alike_are_text():
    old = [f"the guest number {at} said that the room was fine" for at in range(100)]
    new = [f"{word}, but far too warm to sleep there" for word in old]
    found = drift(old, new)
    assert (found.kind, found.outcome) == ("text", "drifted")
    assert by_test(found)["ks"].statistic == 1


def test_identifiers_have_no_outcome():
    found = drift([f"a{at}" for at in range(200)], [f"b{at}" for at in range(200)])
    assert found.outcome == "unknown"
    assert "identifiers" in found.why


# Bad input


def test_columns_of_one_side_alone_are_told():
    found = columns_drift(rows(a=[1], b=[1]), rows(b=[1], c=[1]))
    assert [each.name for each in found] == ["a", "b", "c"]
    assert found[0].why == "only the reference has the column"
    assert found[2].why == "only current has the column"


def test_columns_of_one_name_are_told():
    twice = TableRows(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]))
    for sides in ((twice, rows(a=[1])), (rows(a=[1]), twice)):
        (found,) = columns_drift(*sides)
        assert found.why == "several columns have this name"
    (found,) = columns_drift(rows(a=[1]), rows(a=[1]), columns=["b"])
    assert found.why == "no side has the column"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (pa.array([1, 2]), pa.array(["a", "b"]), "int64 in the reference, string in current"),
        (pa.nulls(40), pa.nulls(40), "missing values only"),
        (pa.array([[1], [2]]), pa.array([[1], [2]]), "list<"),
        (pa.array([], pa.float64()), pa.array([1.0]), "the reference has no rows"),
        (pa.array([1.0]), pa.array([], pa.float64()), "current has no rows"),
        (pa.array([1.0]), pa.array([], pa.string()), "current has no rows"),
        (pa.array(["a"]), pa.array(["b"]), "at least 30"),
        (pa.array([1.5] * 40), pa.array([1.0]), "current has 1 row;"),
    ],
)
def test_what_cannot_be_told_has_a_reason(old, new, why):
    found = drift(old, new, DriftSettings())
    assert found.outcome == "unknown"
    assert why in found.why


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (pa.nulls(40, pa.float64()), pa.array([1.0] * 40), "drifted"),
        (pa.nulls(40), pa.array(["a"] * 40), "drifted"),
        (pa.array([1.0] * 40), pa.nulls(40), "drifted"),
        (pa.nulls(40, pa.string()), pa.nulls(40, pa.string()), "stable"),
        (pa.array([1.0] * 40), pa.nulls(40, pa.string()), "drifted"),
        (pa.nulls(40, pa.string()), pa.array([1.0] * 40), "drifted"),
        (pa.array(["a"] * 40), pa.nulls(40, pa.float64()), "drifted"),
        (pa.array([5.0] * 40), pa.array([5.0] * 40), "stable"),
        (pa.array([5.0] * 40), pa.array([5.5] * 40), "drifted"),
        (pa.array([math.inf] * 40), pa.array([-math.inf] * 40), "drifted"),
        (pa.array([1e308, -1e308] * 20), pa.array([1e308] * 40), "drifted"),
        (pa.array([1.0, 2.0] * 20), pa.array([1.7e308, -1.7e308] * 20), "drifted"),
        (pa.array([1.0, 2.0] * 20), pa.array([1e200] * 41), "drifted"),
        (pa.array([True, False] * 20), pa.array([1.0, None] * 20), "drifted"),
        (pa.array([1, 2] * 20, pa.uint8()), pa.array([1.0, 2.0] * 20, pa.float32()), "stable"),
        (pa.array([2**63] * 40, pa.uint64()), pa.array([1] * 40, pa.int8()), "drifted"),
    ],
)
def test_odd_columns_have_an_outcome(old, new, outcome):
    found = drift(old, new, DriftSettings())
    assert found.outcome == outcome
    for test in found.tests:
        assert (test.statistic is None) == bool(test.reason)
        assert test.statistic is None or math.isfinite(test.statistic)
    found.model_validate_json(found.model_dump_json())


def test_ten_thousand_categories():
    rng = np.random.default_rng(6)
    names = np.array([f"k{at}" for at in range(10_000)])
    old, new = rng.choice(names, 40_000), rng.choice(names, 2_000)
    found = drift(old, new, DriftSettings())
    assert found.outcome == "stable"
    assert len(found.shares.bin) <= 103
    fresh = np.append(new, [f"new{at}" for at in range(1500)])
    assert drift(old, fresh, DriftSettings()).outcome == "drifted"


def test_a_test_that_there_is_not():
    with pytest.raises(errors.Invalid, match="there is no drift test 'psy'; there are: psi, ks"):
        drift([1], [1], tests=["psy"])


def test_a_package_brings_a_test(tmp_path, monkeypatch):
    info = tmp_path / "ours-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    points = "mean = ours_drift:MEAN\nbroken = ours_drift:BROKEN"
    (info / "entry_points.txt").write_text(f"[modelyard.drift_tests]\n{points}")
    (tmp_path / "ours_drift.py").write_text(
        "from modelyard.analysis.drift.compared import DriftTest, Measured\n"
        "def mean(compared):\n"
        "    old, new = compared.reference.numbers, compared.current.numbers\n"
        "    return Measured(abs(new.mean - old.mean))\n"
        "def broken(compared):\n"
        "    raise KeyError('oh')\n"
        "def made(name, function):\n"
        "    kinds = frozenset({'numeric'})\n"
        "    return DriftTest(name, 'Mean', 'difference of means', kinds, 1.0, '', function)\n"
        "MEAN, BROKEN = made('mean', mean), made('broken', broken)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = drift([1.0] * 50, [3.5] * 50, DriftSettings(), tests=["mean", "broken"])
    assert (found.outcome, found.why) == ("drifted", "difference of means of 2.5 is past 1")
    assert by_test(found)["broken"].reason == "the test failed: KeyError('oh')"


# Stored profiles


def stored(reference, given=NO_CHANCE):
    found = profiles_of(rows(x=reference), given)
    return {
        name: ColumnProfile.model_validate_json(profile.model_dump_json())
        for name, profile in found.items()
    }


@pytest.mark.parametrize("n", [300, 20_000, 70_000])
def test_a_stored_reference_gives_nearly_the_same(n):
    old, new = sides(n=n, m=n + 7)
    old[::3], new[::4] = 0, 0
    new[:3] = math.inf
    exact = drift(old, new, DriftSettings())
    (found,) = columns_drift(stored(old), rows(x=new), DriftSettings())
    assert found.shares == exact.shares
    assert (found.outcome, found.why) == (exact.outcome, exact.why)
    for test, same in zip(found.tests, exact.tests, strict=True):
        near = 0.004 if test.test in {"ks", "wasserstein"} else 1e-12
        assert test.statistic == pytest.approx(same.statistic, abs=near)
        assert test.exact == (test.test not in {"ks", "wasserstein"})


LIKE_ROWS = {
    "normal": lambda rng, n, by: rng.normal(by, 1, n),
    "tail": lambda rng, n, by: rng.lognormal(by, 1.5, n),
    "zeros": lambda rng, n, by: np.where(rng.random(n) < 0.8 - by, 0.0, rng.exponential(1, n)),
    "heaps": lambda rng, n, by: np.round(rng.gamma(2 + by, 10, n), 1),
    "gaps": lambda rng, n, by: np.where(rng.random(n) < 0.1 + by, math.nan, rng.random(n)),
    "moments": lambda rng, n, by: rng.integers(0, 10**6, n).astype("datetime64[s]"),
    "words": lambda rng, n, by: rng.zipf(1.5 + by, n).astype(str),
}


@pytest.mark.parametrize("kind", LIKE_ROWS)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2000, 20_000),
    m=st.integers(40, 20_000),
    by=st.floats(0, 0.5),
)
def test_a_profile_tells_what_rows_tell(kind, seed, n, m, by):
    rng = np.random.default_rng(seed)
    old, new = LIKE_ROWS[kind](rng, n, 0), LIKE_ROWS[kind](rng, m, by)
    exact = drift(old, new, DriftSettings())
    (found,) = columns_drift(stored(old), rows(x=new), DriftSettings())
    assert (found.outcome, found.shares) == (exact.outcome, exact.shares)
    for test, same in zip(found.tests, exact.tests, strict=True):
        near = {"ks": 1 / 500, "wasserstein": 0.02}.get(test.test, 0)
        assert test.statistic == pytest.approx(same.statistic, abs=near + 1e-12)
        assert test.threshold == pytest.approx(same.threshold, rel=1e-6)


def test_a_stored_reference_of_few_values_is_exact():
    rng = np.random.default_rng(8)
    old, new = rng.integers(0, 30, 3000), rng.integers(0, 29, 2000)
    found = columns_drift(stored(old), rows(x=new), NO_CHANCE)[0]
    exact = drift(old, new)
    for test, same in zip(found.tests, exact.tests, strict=True):
        assert test.exact
        assert test.statistic == pytest.approx(same.statistic, rel=1e-9)


def test_a_stored_reference_cannot_be_looked_at_otherwise():
    forced = NO_CHANCE.model_copy(update={"handling": {"x": "categorical"}})
    (found,) = columns_drift(stored([1.0, 2.0]), rows(x=[1.0]), forced)
    assert "compare with the reference's rows" in found.why


def test_types_that_cannot_be_compared_are_told():
    sides = (
        rows(x=[1.0, 2.0], y=["a", "b"], z=[1.0, 2.0]),
        rows(x=["a", "b"], y=[None, None], w=[1, 2]),
    )
    found = {each.name: each for each in columns_drift(*sides, NO_CHANCE)}
    assert {name for name, each in found.items() if each.types_differ} == {"x"}


def test_what_a_profile_cannot_tell_is_read_from_its_rows():
    truths, lists = [True, False] * 40, [[1]] * 80
    reference = rows(x=truths, y=lists, z=[1.0] * 80)
    current = rows(x=[0, 1] * 40, y=lists, z=[1.0] * 80)
    found = columns_drift(profiles_of(reference), current, NO_CHANCE, rows=reference)
    assert [each.by_profile for each in found] == [False, False, True]
    assert (found[0].kind, found[0].outcome) == ("numeric", "stable")
    exact = columns_drift(reference, current, NO_CHANCE)
    assert [each.why for each in found] == [each.why for each in exact]
