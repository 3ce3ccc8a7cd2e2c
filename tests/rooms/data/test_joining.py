"""Joins: all rows stay, and what a key finds stands beside them; pandas is the oracle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelyard import errors


@pytest.fixture
def join(yard, tmp_path):
    def joined(rows, other, **options):
        for name, table in (("rows", rows), ("other", other)):
            pq.write_table(pa.table(table), tmp_path / f"{name}.parquet")
        output = tmp_path / "joined.parquet"
        options = {"key": "id", "output": str(output)} | options
        told = yard.datasets.join(
            dataset=str(tmp_path / "rows.parquet"), other=str(tmp_path / "other.parquet"), **options
        )
        return told, pq.read_table(output)

    return joined


def test_like_pandas(join):
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"id": rng.integers(0, 3000, 5000), "x": rng.normal(size=5000)})
    other = pd.DataFrame(
        {"id": rng.permutation(4000)[:2000], "truth": rng.choice(["a", "b"], 2000)}
    )
    told, found = join(pa.Table.from_pandas(rows), pa.Table.from_pandas(other))
    expected = rows.merge(other, how="left", on="id")
    pd.testing.assert_frame_equal(
        found.to_pandas().replace({None: np.nan}), expected.replace({None: np.nan})
    )
    assert (told.rows, told.matched) == (5000, int(expected["truth"].notna().sum()))


@pytest.mark.parametrize(
    ("mine", "theirs", "matched"),
    [
        (["1", "2", None], [2, 1, None], 2),
        ([1, 2, None], [2.0, 1.5, None], 1),
        (pa.array(["a", "b"]).dictionary_encode(), ["b", "c"], 1),
        (pa.array([1, 2], pa.int32()), pa.array([2, 3], pa.int64()), 1),
        (["a"], pa.array([], pa.string()), 0),
    ],
)
def test_keys_of_other_types(join, mine, theirs, matched):
    told, found = join({"id": mine}, {"id": theirs, "truth": list(range(len(theirs)))})
    assert told.matched == matched
    assert found.num_rows == len(mine)
    assert len(found["truth"].drop_null()) == matched


def test_names_and_columns(join):
    rows, other = {"id": [1], "x": [2]}, {"key": [1], "x": [3], "y": [4]}
    _, found = join(rows, other, other_key="key", columns=("y",))
    assert found.to_pydict() == {"id": [1], "x": [2], "y": [4]}
    with pytest.raises(errors.Invalid, match="both have the column 'x'"):
        join(rows, other, other_key="key")
    with pytest.raises(errors.Invalid, match="'nothing'"):
        join(rows, other, other_key="nothing")


def test_a_key_that_occurs_twice(join):
    with pytest.raises(errors.Invalid, match="several rows with 'id' 7"):
        join({"id": [1]}, {"id": [7, 8, 7], "y": [1, 2, 3]})


def test_it_writes_over_neither(join, tmp_path):
    with pytest.raises(errors.Invalid, match="overwrite its own input"):
        join({"id": [1]}, {"id": [1], "y": [1]}, output=str(tmp_path / "other.parquet"))
