"""Whatever a model returns, as named arrays and as the columns of direct output."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix

from modelyard.runtime.worker.outputs import read_output
from modelyard.runtime.worker.problems import Problem


class Tensor:
    """As tensors of other libraries: an array behind `__array__`."""

    def __init__(self, values):
        self.values = np.array(values)

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype) if dtype else self.values


FRAME = pd.DataFrame({0: [1.5, 2.5], "b": ["x", None]})


@pytest.mark.parametrize(
    ("raw", "columns"),
    [
        (np.array([1, 2]), {"prediction": [1, 2]}),
        (np.array([[1.0], [2.0]], np.float32), {"prediction": [1.0, 2.0]}),
        (np.array([[1, 2], [3, 4]]), {"output_0": [1, 3], "output_1": [2, 4]}),
        (np.array(["a", "b"]), {"prediction": ["a", "b"]}),
        (np.array(["a", np.nan], dtype=object), {"prediction": ["a", None]}),
        (np.zeros((2, 1, 2)), {"prediction": [[[0, 0]], [[0, 0]]]}),
        (pd.Series([1, 2], index=[7, 9]), {"prediction": [1, 2]}),
        (pd.Series([1, 2], name="yhat"), {"yhat": [1, 2]}),
        (pd.Series(["a", "b"], dtype="category"), {"prediction": ["a", "b"]}),
        (FRAME, {"0": [1.5, 2.5], "b": ["x", None]}),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), {"a": [1, 3], "a_2": [2, 4]}),
        ([True, False], {"prediction": [True, False]}),
        (("a", "b"), {"prediction": ["a", "b"]}),
        ([1, None], {"prediction": [1, None]}),
        ([[0.5, 0.5], [1, 0]], {"output_0": [0.5, 1], "output_1": [0.5, 0]}),
        ([[1], [1, 2]], {"prediction": [[1], [1, 2]]}),
        ([{"a": 1}, {"a": 2}], {"prediction": [{"a": 1}, {"a": 2}]}),
        ([{0: 0.5, 1: np.float32(0.5)}, {0: 1.0, 1: 0.0}], None),
        ([{"a": 1}, "b"], {"prediction": ['{"a": 1}', "b"]}),
        (
            {"a": np.array([[1], [2]]), "b": Tensor([[1, 2], [3, 4]])},
            {"a": [1, 2], "b": [[1, 2], [3, 4]]},
        ),
        (Tensor([1, 2]), {"prediction": [1, 2]}),
        ((value for value in "ab"), {"prediction": ["a", "b"]}),
        (csr_matrix([[0, 1], [2, 0]]), {"output_0": [0, 2], "output_1": [1, 0]}),
    ],
)
def test_direct_output_has_one_row_per_row(raw, columns):
    table = read_output(raw, 2).table()
    if columns is None:
        columns = {"prediction": [{"0": 0.5, "1": 0.5}, {"0": 1.0, "1": 0.0}]}
    assert table.to_pydict() == columns


@pytest.mark.parametrize("raw", [5, 5.5, "text", np.float64(3), np.array(7)])
def test_a_single_value_is_the_answer_for_one_row(raw):
    assert len(read_output(raw, 1).table()) == 1


def test_a_dict_of_scalars_is_the_answer_for_one_row():
    assert read_output({"label": "a", "score": 0.5}, 1).table().to_pydict() == {
        "label": ["a"],
        "score": [0.5],
    }


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "returned nothing"),
        ([1, 2, 3], "returned 3 rows for 10"),
        (np.zeros(1), "returned 1 row for 10"),
        ({"a": [1] * 10, "b": [1] * 9}, "returned 9 rows in 'b' for 10"),
        (pd.DataFrame(index=range(10)), "returned no columns"),
        ({}, "returned no columns"),
        ("one text", "rows for 10"),
        (5, "returned a single int, not one value per row"),
    ],
)
def test_another_number_of_rows_is_an_error(raw, said):
    with pytest.raises(Problem, match=said) as caught:
        read_output(raw, 10)
    assert caught.value.kind == "failed"


def test_types_are_kept():
    raw = {
        "small": np.zeros(1, np.float32),
        "matrix": np.zeros((1, 2), np.float32),
        "flags": np.array([True]),
        "whole": np.zeros(1, np.int32),
        "time": np.array(["2024-01-01"], "datetime64[ns]"),
    }
    types = read_output(raw, 1).table().schema.types
    assert types == [
        pa.float32(),
        pa.list_(pa.float32(), 2),
        pa.bool_(),
        pa.int32(),
        pa.timestamp("ns"),
    ]


@pytest.mark.parametrize(
    ("raw", "kind", "shape", "dtype", "columns"),
    [
        (np.zeros((2, 3), np.float32), "numpy.ndarray", [2, 3], "float32", None),
        (FRAME, "pandas.DataFrame", [2, 2], None, ["0", "b"]),
        (pd.Series([1, 2]), "pandas.Series", [2], "int64", None),
        ([1, 2], "list", None, None, None),
        ({"a": [1, 2]}, "dict", None, None, ["a"]),
    ],
)
def test_raw_output_is_described(raw, kind, shape, dtype, columns):
    described = read_output(raw, 2).describe()
    assert described.pop("sample")
    assert described == {"kind": kind, "shape": shape, "dtype": dtype, "columns": columns}


def test_the_sample_is_cut():
    assert len(read_output(["x" * 5000], 1).describe()["sample"]) == 2000
