"""Why a metric changed: simulations in which the mix, the relation or both do it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from modelyard.analysis.drift.sides import TableRows
from modelyard.analysis.drift.why import why


def side(rows, seed, *, wild=0.3, moved=0.0, worse=0.0):
    """Absolute errors of 1 or 3 by word, and more where the column is large."""
    rng = np.random.default_rng(seed)
    word = np.where(rng.random(rows) < wild, "wild", "calm")
    column = rng.normal(moved, 1, rows)
    loss = np.where(word == "wild", 3, 1) + 0.5 * column + worse + rng.normal(0, 0.5, rows)
    table = pa.table({"word": word.astype(object), "column": column, "idle": rng.random(rows)})
    return loss, TableRows(table)


def told(old, new, code="mae", **more):
    return why(code, (old[0], new[0]), (old[1], new[1]), **more)


def close(metric, truth):
    assert metric.low <= truth <= metric.high
    assert metric.high - metric.low < 0.4


def test_a_change_of_the_mix_is_told_from_one_of_the_relation():
    old = side(1500, 1)
    mixed = told(old, side(1500, 2, wild=0.7))
    close(mixed.mix, 0.8)
    close(mixed.relation, 0.0)
    assert mixed.columns[0].column == "word"
    close(mixed.columns[0].mix, 0.8)
    assert abs(mixed.columns[1].mix.value) < 0.1
    worse = told(old, side(1500, 3, worse=1.0))
    close(worse.mix, 0.0)
    close(worse.relation, 1.0)
    assert all(abs(one.mix.value) < 0.15 for one in worse.columns)
    assert worse.doubts == ()


@pytest.fixture(scope="module")
def both():
    old, new = side(1500, 1), side(1200, 2, wild=0.5, moved=0.6, worse=-0.5)
    return old, new, told(old, new)


def test_both_sum_up_to_the_change_of_the_metric(both):
    old, new, found = both
    assert (found.reference, found.current) == pytest.approx((old[0].mean(), new[0].mean()))
    for one in (found, *found.columns):
        assert one.mix.value + one.relation.value == pytest.approx(found.current - found.reference)
    close(found.mix, 0.4 + 0.3)
    close(found.relation, -0.5)
    assert {one.column for one in found.columns[:2]} == {"word", "column"}


def test_a_column_is_split_by_the_means_of_its_groups(both):
    old, new, found = both
    words = [np.array(some[1].table["word"].to_pylist()) for some in (old, new)]
    mix = sum(
        ((words[1] == word).mean() - (words[0] == word).mean()) * old[0][words[0] == word].mean()
        for word in ("wild", "calm")
    )
    by_word = next(one for one in found.columns if one.column == "word")
    assert by_word.mix.value == pytest.approx(mix)


def test_limits_of_a_column_are_those_of_a_bootstrap(both):
    old, new, found = both
    wild = [np.array(some[1].table["word"].to_pylist()) == "wild" for some in (old, new)]
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(400):
        one, two = (rng.integers(len(some), size=len(some)) for some in wild)
        loss, before, after = old[0][one], wild[0][one], wild[1][two]
        mean = loss[before].mean() * after.mean() + loss[~before].mean() * (1 - after.mean())
        draws.append(mean - loss.mean())
    by_word = next(one for one in found.columns if one.column == "word")
    width = by_word.mix.high - by_word.mix.low
    assert width == pytest.approx(2 * stats.norm.ppf(0.975) * np.std(draws), rel=0.15)


def test_rows_without_their_like_raise_doubts():
    found = told(side(1000, 1), side(1000, 2, moved=5))
    assert any("have hardly their like in the reference" in doubt for doubt in found.doubts)
    assert any("are worth" in doubt for doubt in found.doubts)
    assert told(side(1000, 1), side(1000, 2)).doubts == ("the change itself may be chance",)


def test_what_only_current_has_is_a_change_of_the_mix():
    loss = np.concatenate([np.ones(400), np.full(400, 5.0)])
    words = np.array(["known"] * 400 + ["new"] * 400, object)
    rows = [TableRows(pa.table({"word": some})) for some in (words[:400], words)]
    found = why("mae", (loss[:400], loss), (rows[0], rows[1]))
    assert found.columns[0].mix.value == pytest.approx(2)
    assert found.columns[0].relation.value == pytest.approx(0)
    assert found.mix.value + found.relation.value == pytest.approx(2)


def test_some_rows_and_at_most_so_many_are_split():
    old, new = side(1000, 1), side(1000, 2, wild=0.6)
    used = np.flatnonzero(np.arange(1000) % 3 > 0)
    found = why(
        "mae", (old[0][used], new[0]), (old[1], new[1]), taken=(used, None), columns=["word"]
    )
    assert found.reference == pytest.approx(old[0][used].mean())
    assert found.columns[0].mix.value == pytest.approx(0.6, abs=0.15)
    few = told(old, new, columns=["word"], cap=500)
    assert few.reference != found.reference
    assert few.mix.value == pytest.approx(0.6, abs=0.25)


def test_missing_and_infinite_values_and_constants_are_groups():
    rng = np.random.default_rng(0)
    column = rng.normal(size=400)
    column[:100], column[100:150] = np.nan, np.inf
    loss = np.where(np.isnan(column), 2.0, 1.0)
    some = rng.integers(0, 200, 400)
    rows = [
        TableRows(pa.table({"column": part, "same": np.ones(400)}))
        for part in (column, column[some])
    ]
    found = why("accuracy", (loss, loss[some]), (rows[0], rows[1]))
    split = {one.column: one for one in found.columns}
    assert split["column"].relation.value == pytest.approx(0, abs=1e-9)
    assert split["same"].mix.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("code", "old", "new", "reason"),
    [
        ("auc", np.zeros(300), np.zeros(300), "it is no mean over rows; these are: Accuracy, "),
        ("logLoss", "no scores", np.zeros(300), "the reference: no scores"),
        ("logLoss", np.zeros(300), "no scores", "current: no scores"),
        ("mae", np.zeros(1), np.zeros(300), "the reference has 1 row with a truth"),
        ("mae", np.zeros(300), np.zeros(0), "current has 0 rows with a truth"),
        ("mae", np.zeros(300), np.ones(300), "there is no column to split by"),
    ],
)
def test_what_cannot_be_split_has_a_reason(code, old, new, reason):
    rows = TableRows(pa.table({"nothing": pa.nulls(300)}))
    assert why(code, (old, new), (rows, rows)).reason.startswith(reason)
