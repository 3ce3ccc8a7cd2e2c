"""One Arrow column to one pandas column: what converts, what is noted, what is refused."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.runtime.worker.columns import Wanted, convert, explain
from modelyard.runtime.worker.problems import Problem

NAN = float("nan")


def _convert(cells, kind=None, wanted="double", **more):
    return convert(pa.chunked_array([pa.array(cells, kind)]), Wanted("x", wanted, **more))


def _list(column):
    return [None if pd.isna(value) else value for value in pd.Series(column.values)]


@pytest.mark.parametrize(
    ("cells", "kind", "wanted", "values", "dtype"),
    [
        ([1, None, 3], pa.int64(), "double", [1, None, 3], "float64"),
        ([2**60], pa.int64(), "double", [float(2**60)], "float64"),
        ([1, 2], pa.int64(), "float", [1, 2], "float32"),
        ([0.1, NAN], pa.float64(), "float", [np.float32(0.1), None], "float32"),
        ([1, 2], pa.int32(), "long", [1, 2], "int64"),
        ([1.0, 2.0], pa.float64(), "long", [1, 2], "int64"),
        ([-(2.0**63)], pa.float64(), "long", [-(2**63)], "int64"),
        ([1.0, 2147483647.0], pa.float64(), "integer", [1, 2147483647], "int32"),
        ([True, False], pa.bool_(), "long", [1, 0], "int64"),
        ([decimal.Decimal("1.5")], None, "double", [1.5], "float64"),
        ([decimal.Decimal("3.0")], None, "long", [3], "int64"),
        ([None, None], pa.null(), "double", [None, None], "float64"),
        ([True, False], pa.bool_(), "boolean", [True, False], "bool"),
        ([True, None], pa.bool_(), "boolean", [True, None], "object"),
        ([1, 0], pa.int8(), "boolean", [True, False], "bool"),
        ([1.0, None], pa.float64(), "boolean", [True, None], "object"),
        ([b"a", None], pa.binary(), "binary", [b"a", None], "object"),
        ([dt.date(2024, 2, 29)], None, "datetime", [pd.Timestamp("2024-02-29")], "datetime64[ns]"),
        ([0, None], pa.timestamp("s"), "datetime", [pd.Timestamp(0), None], "datetime64[ns]"),
        ([1.0, NAN, 0.0], pa.float64(), "boolean", [True, None, False], "object"),
        ([0], pa.timestamp("ns"), "datetime", [pd.Timestamp(0)], "datetime64[ns]"),
        ([None], pa.null(), "datetime", [None], "datetime64[ns]"),
        ([1, None], pa.int64(), "any", [1, None], "float64"),
        ([dt.date(2024, 2, 29)], None, "any", [pd.Timestamp("2024-02-29")], None),
    ],
)
def test_what_fits_is_converted_without_a_word(cells, kind, wanted, values, dtype):
    column = _convert(cells, kind, wanted)
    assert _list(column) == values
    assert dtype in (None, str(np.asarray(column.values).dtype))
    assert column.bad is None
    assert column.notes == []


@pytest.mark.parametrize(
    ("cells", "kind", "wanted", "values", "note"),
    [
        (
            ["12", "-3.5e2", None, ".5"],
            None,
            "double",
            [12, -350, None, 0.5],
            "its numbers were read",
        ),
        (["12", "007"], None, "long", [12, 7], "its numbers were read"),
        (["9007199254740993"], None, "long", [9007199254740993], "its numbers were read"),
        (["12.0"], None, "long", [12], "its numbers were read"),
        (["True", "false", "1", None], None, "boolean", [True, False, True, None], "were read"),
        ([1, 2], pa.int64(), "string", ["1", "2"], "holds int64; the model was given it as text"),
        ([dt.date(2024, 2, 29)], None, "string", ["2024-02-29"], "as text"),
        (
            ["2024-02-29", "2024-02-29T10:00:00+02:00", None],
            None,
            "datetime",
            [pd.Timestamp("2024-02-29"), pd.Timestamp("2024-02-29 08:00"), None],
            "were read as ISO 8601",
        ),
        (
            [dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)],
            pa.timestamp("us", "Europe/Paris"),
            "datetime",
            [pd.Timestamp("2024-02-29 12:00")],
            "has time zone Europe/Paris; the model was given UTC",
        ),
    ],
)
def test_what_changes_how_a_value_reads_is_noted(cells, kind, wanted, values, note):
    column = _convert(cells, kind, wanted)
    assert _list(column) == values
    assert column.bad is None
    assert len(column.notes) == 1
    assert note in column.notes[0]


@pytest.mark.parametrize(
    ("cells", "kind", "wanted", "bad"),
    [
        ([1, None, 3], pa.int64(), "long", [1]),
        ([1.0, 2.5, NAN, np.inf, 2.0**63], pa.float64(), "long", [1, 2, 3, 4]),
        ([1, 2**31, -(2**31) - 1], pa.int64(), "integer", [1, 2]),
        ([2**63], pa.uint64(), "long", [0]),
        (["12", "twelve", "", "1,5", " 1", "nan", "0x1f"], None, "double", [1, 2, 3, 4, 5, 6]),
        (["1.5", "2"], None, "long", [0]),
        ([0, 1, 2], pa.int64(), "boolean", [2]),
        (["yes", "true"], None, "boolean", [0]),
        (["2024-02-29", "2024-02-30", "01/02/2024", "2024"], None, "datetime", [1, 2, 3]),
        (["1600-01-01", "2000-01-01", "9999-12-31T23:59"], None, "datetime", [0, 2]),
        ([dt.datetime(9999, 1, 1), dt.datetime(2000, 1, 1)], None, "datetime", [0]),  # noqa: DTZ001
    ],
)
def test_a_cell_that_does_not_fit_is_marked(cells, kind, wanted, bad):
    assert np.flatnonzero(_convert(cells, kind, wanted).bad).tolist() == bad


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (pa.timestamp("s"), "double"),
        (pa.list_(pa.int64()), "long"),
        (pa.binary(), "boolean"),
        (pa.float64(), "string"),
        (pa.bool_(), "string"),
        (pa.string(), "binary"),
        (pa.int64(), "datetime"),
    ],
)
def test_a_column_of_a_hopeless_type_is_refused_as_a_whole(kind, wanted):
    with pytest.raises(Problem, match=r"column 'x' holds .*, expected .*\(" + wanted) as caught:
        _convert([None], kind, wanted)
    assert caught.value.kind == "invalid"
    assert caught.value.context == {"column": "x", "expected": wanted}


def test_optional_whole_numbers_with_gaps_become_float64():
    column = _convert([1, None], pa.int64(), "long", required=False)
    assert column.values.dtype == np.float64
    assert _list(column) == [1, None]
    whole = _convert([1, 2], pa.int64(), "long", required=False)
    assert whole.values.dtype == np.int64


def test_text_is_as_pandas_reads_it_with_nan_where_it_is_missing():
    for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        column = _convert(["a", None], kind, "string")
        expected = pd.Series(["a", np.nan], dtype=pd.Series(["a"]).dtype)
        pd.testing.assert_series_equal(pd.Series(column.values), expected)


def test_categories_keep_the_models_order_whatever_the_column_holds():
    column = _convert(["b", None, "a"], None, "string", categories=["c", "b", "a"])
    assert list(column.values.categories) == ["c", "b", "a"]
    assert column.values.codes.tolist() == [1, -1, 2]
    numbers = _convert(["2", "1"], None, "any", categories=[1, 2])
    assert numbers.values.codes.tolist() == [1, 0]
    floats = _convert([2.0, None], pa.float64(), "any", categories=[1, 2])
    assert floats.values.codes.tolist() == [1, -1]
    flags = _convert([True, False], pa.bool_(), "any", categories=[False, True])
    assert flags.values.codes.tolist() == [1, 0]
    coded = pa.chunked_array([pa.array(["b", "a"]).dictionary_encode()])
    assert convert(coded, Wanted("x", "any", categories=["a", "b"])).values.codes.tolist() == [1, 0]


@pytest.mark.parametrize(("keep", "codes"), [(True, [0, 2, 3, 2]), (False, [0, -1, -1, -1])])
def test_unseen_categories_are_passed_on_or_missing_but_always_noted(keep, codes):
    column = _convert(
        ["a", "new", "odd", "new"], None, "string", categories=["a", "b"], keep_unseen=keep
    )
    assert column.values.codes.tolist() == codes
    assert column.bad is None
    assert "3 cells hold categories unknown to the model ('new', 'odd')" in column.notes[0]


def test_an_unseen_category_of_another_type_is_unseen_all_the_same():
    column = _convert(["1", "x"], None, "any", categories=[1, 2], keep_unseen=False)
    assert column.values.codes.tolist() == [0, -1]
    assert "('x')" in column.notes[-1]


def test_empty_columns_convert():
    for wanted in ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime"):
        assert len(_convert([], pa.null(), wanted).values) == 0


def test_a_bad_cell_is_explained_with_its_value_and_what_was_expected():
    wanted = Wanted("age", "long")
    assert explain(2.5, wanted) == "column 'age' holds 2.5, expected a whole number (long)"
    assert "column 'age' has no value here, expected a whole number (long): fill it in" in explain(
        None, wanted
    )


@given(st.lists(st.one_of(st.none(), st.integers(-(2**64), 2**64))))
def test_whole_numbers_survive_text(numbers):
    text = [None if number is None else str(number) for number in numbers]
    column = _convert(text, pa.string(), "long")
    bad = np.zeros(len(numbers), bool) if column.bad is None else column.bad
    fits = [number is not None and -(2**63) <= number < 2**63 for number in numbers]
    assert bad.tolist() == [not fit for fit in fits]
    assert [int(value) for value, fit in zip(column.values, fits, strict=True) if fit] == [
        number for number, fit in zip(numbers, fits, strict=True) if fit
    ]


@pytest.mark.parametrize("kind", ["any", "string"])
@pytest.mark.parametrize("cells", [["a", None], ["a"], [None], []])
def test_text_is_what_pandas_makes_of_it(cells, kind):
    column = pa.chunked_array([pa.array(cells, pa.string()), pa.array(["ä"])])
    expected = column.to_pandas().where(column.is_valid().to_pandas(), np.nan)
    found = pd.Series(convert(column, Wanted("x", kind)).values)
    pd.testing.assert_series_equal(found, expected, check_names=False)


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint64(), pa.float32(), pa.float64()])
@pytest.mark.parametrize("cells", [[1, 2], [1, None], []])
def test_numbers_of_any_kind_are_what_pandas_makes_of_them(cells, kind):
    column = pa.chunked_array([pa.array(cells, kind), pa.array([3], kind)])
    found = pd.Series(convert(column, Wanted("x")).values)
    pd.testing.assert_series_equal(found, column.to_pandas(), check_names=False)


def test_whole_numbers_of_the_right_width_are_not_copied():
    cells = pa.chunked_array([pa.array([1, 2], pa.int64())])
    values = convert(cells, Wanted("x", "long")).values
    assert np.shares_memory(values, cells.chunk(0).to_numpy())
