"""Parquet: exact types, any row groups, damaged files named."""

# ruff: noqa: DTZ001  moments without a zone are meant

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelyard import errors


@pytest.fixture
def every_type() -> pa.Table:
    return pa.table(
        {
            "long": pa.array([1, None, 3]),
            "int": pa.array([1, 2, None], pa.int32()),
            "uint": pa.array([2**64 - 1, 0, None], pa.uint64()),
            "float": pa.array([1.5, None, float("nan")], pa.float32()),
            "text": ["a", "", None],
            "bool": [True, False, None],
            "day": [date(2024, 2, 29), None, date(1, 1, 1)],
            "time": [time(1, 2, 3), None, time(0)],
            "moment": pa.array([datetime(2024, 2, 29, 1), None, None], pa.timestamp("ns", "UTC")),
            "decimal": [Decimal("1.10"), None, Decimal("-3.00")],
            "bytes": [b"\xff", b"", None],
            "category": pa.array(["x", "y", None]).dictionary_encode(),
            "list": [[1.0], [], None],
            "struct": [{"a": 1}, None, {"a": 2}],
            "a.b": [1, 2, 3],
        }
    )


def test_types_and_values_are_kept(opened, tmp_path, every_type):
    pq.write_table(every_type, tmp_path / "a.parquet")
    source = opened(str(tmp_path / "a.parquet"))
    assert source.schema == every_type.schema
    assert source.count() == 3
    found = pa.Table.from_batches(source.batches(rows=2))
    assert str(found.to_pylist()) == str(every_type.to_pylist())


def test_batches_have_exactly_the_rows_asked_whatever_the_row_groups(opened, tmp_path):
    table = pa.table({"n": range(1000), "c": pa.array(["x", "y"] * 500).dictionary_encode()})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=37)
    source = opened(str(tmp_path / "a.parquet"))
    batches = list(source.batches(rows=64, columns=["c", "n"]))
    assert [batch.num_rows for batch in batches] == [64] * 15 + [40]
    found = pa.Table.from_batches(batches)
    assert found.column_names == ["c", "n"]
    assert found["n"].to_pylist() == list(range(1000))
    skipped = pa.Table.from_batches(source.batches(rows=64, skip=130))
    assert skipped["n"].to_pylist() == list(range(130, 1000))
    assert list(source.batches(rows=64, skip=5000)) == []


def test_files_of_a_folder_are_brought_to_one_schema(table, tmp_path):
    pq.write_table(pa.table({"a": pa.array([1], pa.int32()), "b": ["x"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"b": ["y"], "a": [2.5]}), tmp_path / "2.parquet")
    found = table(str(tmp_path))
    assert found.schema.types == [pa.float64(), pa.string()]
    assert found.to_pylist() == [{"a": 1.0, "b": "x"}, {"a": 2.5, "b": "y"}]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (pa.table({"a": [1]}), "different columns: 'b' is in only one"),
        (pa.table({"a": ["x"], "b": [1]}), "differ in the types"),
    ],
)
def test_files_that_do_not_go_together(opened, tmp_path, other, said):
    pq.write_table(pa.table({"a": [1], "b": [1]}), tmp_path / "1.parquet")
    pq.write_table(other, tmp_path / "2.parquet")
    with pytest.raises(errors.Invalid, match=said):
        opened(str(tmp_path))


def test_column_types_can_be_chosen(table, tmp_path):
    pq.write_table(pa.table({"a": ["1", "2"], "b": [1.0, 2.0]}), tmp_path / "a.parquet")
    found = table(str(tmp_path / "a.parquet"), column_types="a=long,b=integer")
    assert found.schema.types == [pa.int64(), pa.int32()]


def test_a_value_that_does_not_fit_the_chosen_type_is_named(opened, tmp_path):
    values = [1.0] * 5000 + [1.5]
    pq.write_table(pa.table({"a": values}), tmp_path / "a.parquet", row_group_size=1000)
    source = opened(str(tmp_path / "a.parquet"), column_types="a=long")
    with pytest.raises(errors.Invalid, match=r"a\.parquet, row 5001, column 'a': 1\.5 is not"):
        list(source.batches(rows=700))


def test_damaged_files(opened, put, tmp_path):
    pq.write_table(pa.table({"a": [n / 7 for n in range(10_000)]}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    for content, said in [
        (b"", "empty"),
        (b"not parquet at all", "damaged or no Parquet"),
        (whole[:-100], "damaged or no Parquet"),
        (whole[:100] + b"\0" * 5000 + whole[5100:], "damaged or no Parquet"),
    ]:
        path = put("bad.parquet", content)
        with pytest.raises(errors.Invalid, match=said) as caught:
            list(opened(path).batches(rows=1000))
        assert path in caught.value.detail


def test_two_columns_of_one_name(opened, tmp_path):
    pq.write_table(pa.Table.from_arrays([pa.array([1])] * 2, ["a", "a"]), tmp_path / "a.parquet")
    with pytest.raises(errors.Invalid, match="two columns named 'a'"):
        opened(str(tmp_path / "a.parquet"))


def test_two_thousand_columns(opened, tmp_path):
    table = pa.table({f"c {n}": [n] for n in range(2000)})
    pq.write_table(table, tmp_path / "a.parquet")
    (batch,) = opened(str(tmp_path / "a.parquet")).batches(rows=10)
    assert batch.num_columns == 2000


def test_a_file_that_goes_away_while_it_is_open(opened, tmp_path):
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1]}), file)
    source = opened(str(file))
    file.unlink()
    with pytest.raises(errors.NotFound, match=r"a\.parquet"):
        list(source.batches(rows=1))
