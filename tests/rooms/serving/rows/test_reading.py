"""Rows are read as workers would cast them, and what does not fit is told by field."""

from __future__ import annotations

import datetime as dt
import json
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard import errors
from modelyard.runtime.types import InputColumn, InputTensor, ModelInputs
from modelyard.runtime.worker.casting import Habits, Signature, cast
from modelyard.runtime.worker.problems import Problem
from modelyard.serving.rows import reader_for
from modelyard.serving.rows.cells import EXPECTED

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**31), -(2**63) - 1, 10**400]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([3.0, 1e300, 3.5e38, -0.0, 2.0**63]),
    st.text(max_size=5),
    st.sampled_from(
        ["1", "-2.50", "1e5", "true", "FALSE", "NaN", "0x1", "1_0", "٣", " 1", "\ud800"]
    ),
    st.sampled_from(["2020-02-29", "2020-02-30", "2020-01-01T10:00:00Z", "2020-01-01 10:00+0200"]),
    st.sampled_from(["1600-01-01", "9999-12-31T23:59:59Z", "20200101", "2020-01-01T10:00:00.123"]),
)


def inputs(**types):
    columns = [
        InputColumn(name=name, type=kind.rstrip("?"), required=not kind.endswith("?"))
        for name, kind in types.items()
    ]
    return ModelInputs(columns=tuple(columns))


def as_worker(table, declared):
    """What a worker makes of a table: a frame, or None where it refuses it."""
    try:
        made = cast(table, declared.model_dump(mode="json"), Habits(), Signature(), skip=False)
    except Problem:
        return None
    return made.data


def sent(value, declared):
    """What a worker makes of a table of one cell, None where there is no such table."""
    try:
        table = pa.table({"x": [value]})
    except (OverflowError, UnicodeEncodeError):
        return None
    return as_worker(table, declared)


def read(declared, *rows):
    """What a worker makes of rows that were read; all are of one kind."""
    reader = reader_for(declared)
    kinds, cells = zip(*(reader.read(row) for row in rows), strict=True)
    assert len(set(kinds)) == 1
    return as_worker(reader.table(kinds[0], cells), declared)


@pytest.mark.parametrize("kind", [name for name in EXPECTED if name != "binary"])
@pytest.mark.parametrize("mark", ["", "?"])
@given(VALUES)
def test_a_cell_reads_as_in_a_worker(kind, mark, value):
    declared = inputs(x=kind + mark)
    found, faults = None, {}
    try:
        found = read(declared, {"x": value})
    except errors.Invalid as exc:
        faults = exc.context["fields"] if "fields" in exc.context else {exc.context["field"]: ""}
    assert (found is None) == (set(faults) == {"x"})
    if isinstance(value, int) and abs(value) >= 2**63 and kind in ("float", "double", "string"):
        return  # Arrow makes no column of it by itself, and so no worker is sent any
    if isinstance(value, float) and math.isnan(value) and kind in ("datetime", "string"):
        value = None  # missing, whatever would be there
    with np.errstate(over="ignore"):
        expected = sent(value, declared)
    if kind == "float" and found is None and expected is not None:
        assert math.isinf(expected["x"][0]), "finite, but not in 32 bits"
        return
    assert (found is None) == (expected is None), (found, expected)
    if found is not None:
        pd.testing.assert_frame_equal(found, expected, check_index_type=False)


def test_numbers_beyond_arrow_are_floats_where_floats_are_wanted():
    frame = read(inputs(x="double"), {"x": 2**70})
    assert frame["x"][0] == float(2**70)


BAD = {
    "long": [None, 1.5, "x", 2**63, [], {}, math.inf],
    "integer": [2**31, "1.5"],
    "double": ["", "nan", 10**400, [1.0], "1" * 5000],
    "float": [1e39],
    "boolean": [2, "yes", 0.5],
    "string": [1.5, True, ["a"]],
    "datetime": [1577836800, "1/2/2020", "2020-13-01"],
    "binary": ["%%%", 1],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, bad) for kind in BAD for bad in BAD[kind]])
def test_what_does_not_fit_is_told_by_field(kind, value):
    with pytest.raises(errors.Invalid) as caught:
        reader_for(inputs(a="any", größe=kind)).read({"a": 1, "größe": value}, 7)
    assert caught.value.context["field"] == "größe"
    assert caught.value.context["row"] == 7
    assert caught.value.detail.startswith("row 7: feature 'größe' ")
    assert EXPECTED[kind] in caught.value.detail
    json.dumps(caught.value.context).encode()
    caught.value.detail.encode()


def test_everything_that_is_wrong_is_told_at_once_and_near_names_are_hinted_at():
    with pytest.raises(errors.Invalid) as caught:
        reader_for(inputs(age="long", plan="string", since="datetime?")).read(
            {"Age": 3, "plan": 1.5, "since": "yesterday", "more": 1}
        )
    assert caught.value.context["fields"] == {
        "age": "is missing (is it 'Age'?)",
        "plan": "holds 1.5, expected text (string)",
        "since": "holds 'yesterday', expected a date or time as ISO 8601 (datetime)",
    }


def test_others_than_the_model_takes_are_left_out_and_optional_ones_may_be_absent():
    frame = read(inputs(a="long", b="double?"), {"a": 1, "z": object()}, {"a": 2})
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].isna().all()


def test_categories_that_the_model_does_not_know_are_passed_on():
    column = InputColumn(name="c", type="string", categories=("a", "b"))
    frame = read(ModelInputs(columns=(column,)), {"c": "new"}, {"c": "a"})
    assert frame["c"].tolist() == ["new", "a"]


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("long?", {"x": 1}, {"x": None}),
        ("boolean", {"x": True}, {"x": None}),
        ("any", {"x": 1}, {"x": 1.5}),
        ("any", {"x": "1"}, {"x": 1}),
        ("any", {"x": [1]}, {"x": [1.5]}),
        ("string?", {"x": "a"}, {}),
    ],
)
def test_rows_that_would_read_otherwise_beside_each_other_share_no_table(kind, one, other):
    reader = reader_for(inputs(x=kind))
    assert reader.read(one)[0] != reader.read(other)[0]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from([1, None]), st.sampled_from([0.5, None])), max_size=20))
def test_a_row_reads_alike_alone_and_among_others(rows):
    declared = inputs(n="long?", x="double", b="boolean", s="string")
    reader = reader_for(declared)
    groups = {}
    for n, x in rows:
        row = {"n": n, "x": x, "b": n, "s": "a" if x else None}
        kind, cells = reader.read(row)
        groups.setdefault(kind, []).append((row, cells))
    for kind, members in groups.items():
        together = as_worker(reader.table(kind, [cells for _, cells in members]), declared)
        for at, (row, _) in enumerate(members):
            alone = read(declared, row)
            pd.testing.assert_frame_equal(
                together.iloc[at : at + 1].reset_index(drop=True), alone, check_index_type=False
            )


def test_models_that_declare_nothing_are_given_what_a_row_holds():
    reader = reader_for(ModelInputs())
    kind, cells = reader.read({"b": 1, "a": "x", "c": None})
    assert reader.table(kind, [cells]).to_pylist() == [{"b": 1, "a": "x", "c": None}]
    with pytest.raises(errors.Invalid, match="no features"):
        reader.read({})
    with pytest.raises(errors.Invalid, match="feature 'x' cannot be passed on"):
        reader.read({"x": [1, "a"]})


def test_tensors_are_lists_in_a_row():
    tensor = InputTensor(name=None, dtype="float64", shape=(-1, 3))
    declared = ModelInputs(columns=(), tensors=(tensor,))
    assert isinstance(made := read(declared, {"x": [1.0, 2.0, 3.0]}), np.ndarray)
    assert made.tolist() == [[1.0, 2.0, 3.0]]


def test_times_with_a_zone_are_read_as_utc():
    frame = read(
        inputs(t="datetime"), {"t": "2020-01-01T00:00:00+02:00"}, {"t": dt.date(2020, 1, 2)}
    )
    assert frame["t"].astype(str).tolist() == ["2019-12-31 22:00:00", "2020-01-02 00:00:00"]
