"""Comparing predictions with the golden ones."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from modelyard.runtime.golden import compare, gap, joined, read_arrow, write_arrow


@pytest.mark.parametrize(
    ("was", "now", "apart"),
    [
        (1.0, 1.0, 0.0),
        (1, 1.0, 0.0),
        (0.5, 0.5 + 1e-7, 1e-7),
        (1000.0, 1001.0, 1e-3),
        (float("nan"), float("nan"), 0.0),
        (float("inf"), float("inf"), 0.0),
        (float("inf"), 1.0, math.inf),
        (float("nan"), 1.0, math.inf),
        (None, None, 0.0),
        (None, 0.0, math.inf),
        (True, True, 0.0),
        (True, False, math.inf),
        ("a", "a", 0.0),
        ("a", "b", math.inf),
        ("1", 1, math.inf),
        ([1.0, 2.0], [1.0, 2.5], 0.25),
        ([1.0], [1.0, 2.0], math.inf),
        ([], [], 0.0),
        ({"a": 1.0}, {"a": 1.5}, 0.5),
        ({"a": 1.0}, {"b": 1.0}, math.inf),
    ],
)
def test_how_far_two_values_are_apart(was, now, apart):
    assert gap(was, now) == pytest.approx(apart)


def test_rows_within_the_tolerance_match():
    golden = pa.table({"direct:p": [0.1, 0.2, 0.3], "direct:l": ["a", "b", "c"]})
    found = pa.table({"direct:p": [0.1, 0.2 + 1e-6, 0.31], "direct:l": ["a", "b", "x"]})
    result = compare(golden, found, 1e-5)
    assert result.differing == (2,)
    assert result.largest_gap == math.inf
    assert result.details == (
        "row 2, p (direct): was 0.3, is 0.31",
        "row 2, l (direct): was 'c', is 'x'",
    )


def test_a_missing_column_or_row_differs_everywhere():
    golden = pa.table({"direct:p": [0.1, 0.2]})
    assert compare(golden, pa.table({"direct:q": [0.1, 0.2]}), 1).differing == (0, 1)
    assert compare(golden, golden.slice(0, 1), 1).differing == (0, 1)


def test_tables_survive_a_file(tmp_path):
    table = joined(pa.table({"p": [1.0]}), pa.table({"prediction": ["x"]}))
    write_arrow(table, tmp_path / "t.arrow")
    with (tmp_path / "t.arrow").open("rb") as source:
        assert read_arrow(source) == table
    assert table.column_names == ["direct:p", "restructured:prediction"]
