"""Input examples as MLflow writes them, rows made up from inputs, and edge rows."""

from __future__ import annotations

import datetime as dt
import json
import warnings

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
from mlflow.models import infer_signature
from mlflow.models.signature import ModelSignature
from mlflow.types import ColSpec, Schema
from mlflow.types.schema import AnyType, Array, Map, Object, Property

from modelyard import errors
from modelyard.models.example_rows import rows_table
from modelyard.models.examples import (
    edge_rows,
    only_inputs,
    read_input_example,
    synthesize_rows,
)
from modelyard.models.mlmodel import read_mlmodel
from modelyard.runtime.types import InputColumn, InputTensor, ModelInputs

MATRIX = np.arange(12.0).reshape(3, 4)
FRAME = pd.DataFrame(
    {
        "i": [1, 2],
        "f": [1.5, None],
        "s": ["a", "b"],
        "b": [True, False],
        "d": pd.to_datetime(["2024-01-01", "2024-01-02"]),
        "raw": [b"ab", b"\x00\xff"],
    }
)


def nested_signature():
    columns = [
        ColSpec(Array("string"), "tags"),
        ColSpec(Object([Property("a", "long"), Property("b", Array("double"))]), "o"),
        ColSpec(Map("long"), "m", required=False),
        ColSpec(AnyType(), "x", required=False),
    ]
    return ModelSignature(inputs=Schema(columns))


@pytest.fixture
def saved(tmp_path):
    """Save an example with MLflow itself, whatever it warns of, and read it back."""

    def saved(example, signature=lambda: None):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = mlflow.models.Model(signature=signature())
            mlflow.models.utils._save_example(model, example, str(tmp_path))
            model.add_flavor("none")
            model.save(str(tmp_path / "MLmodel"))
        model_file, _ = read_mlmodel(tmp_path)
        return read_input_example(tmp_path, model_file), model_file.inputs

    return saved


@pytest.mark.parametrize("params", [False, True])
def test_frames_come_back_with_their_types(params, saved):
    example = (FRAME, {"t": 1.0}) if params else FRAME
    table, _ = saved(example, lambda: infer_signature(FRAME))
    assert table.to_pylist() == [
        {
            "i": 1,
            "f": 1.5,
            "s": "a",
            "b": True,
            "d": dt.datetime(2024, 1, 1),  # noqa: DTZ001
            "raw": b"ab",
        },
        {
            "i": 2,
            "f": pytest.approx(float("nan"), nan_ok=True),
            "s": "b",
            "b": False,
            "d": dt.datetime(2024, 1, 2),  # noqa: DTZ001
            "raw": b"\x00\xff",
        },
    ]


def test_frames_without_names_and_lists_of_records(saved):
    assert saved(pd.DataFrame(MATRIX))[0].column_names == ["0", "1", "2", "3"]
    table, _ = saved([{"a": 1, "b": "x"}, {"a": 2}])
    assert table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_matrix, scipy.sparse.csc_matrix])
def test_tensors_and_sparse_matrices_are_one_list_column(make, saved):
    table, _ = saved(make(MATRIX), lambda: infer_signature(MATRIX))
    assert table.column_names == ["input"]
    assert table["input"].to_pylist() == MATRIX.tolist()


def test_named_tensors_are_columns(saved):
    tensors = {"a": MATRIX, "b": MATRIX[:, 0]}
    table, _ = saved(tensors, lambda: infer_signature(tensors))
    assert table["a"].to_pylist() == MATRIX.tolist()
    assert table["b"].to_pylist() == MATRIX[:, 0].tolist()


def test_nested_cells_are_kept(saved):
    row = {"tags": ["a"], "o": {"a": 1, "b": [1.5]}, "m": {"k": 1}, "x": None}
    assert saved([row], nested_signature)[0].to_pylist() == [row]
    assert saved(row, nested_signature)[0].to_pylist() == [row]


def test_texts_and_chats(saved):
    def texts():
        return ModelSignature(inputs=Schema([ColSpec("string")]))

    assert saved(["hello", "you"], texts)[0].to_pylist() == [{"0": "hello"}, {"0": "you"}]
    assert saved("hello")[0].to_pylist() == [{"input": "hello"}]
    chat = {"messages": [{"role": "user", "content": "hi"}]}
    assert saved(chat)[0].to_pylist() == [chat]


def test_a_mapping_of_columns_is_rows_where_the_signature_says_so(saved):
    columns = [ColSpec("long", "a"), ColSpec("string", "b")]
    table, _ = saved({"a": [1, 2], "b": ["x", "y"]}, lambda: ModelSignature(inputs=Schema(columns)))
    assert table.num_rows == 2


def write(folder, text, **about):
    (folder / "input_example.json").write_text(text)
    info = {"artifact_path": "input_example.json", **about}
    mlmodel = {"flavors": {"none": {}}, "saved_input_example_info": info}
    (folder / "MLmodel").write_text(json.dumps(mlmodel))
    return read_input_example(folder, read_mlmodel(folder)[0])


@pytest.mark.parametrize(
    "text",
    [
        '{"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}}',
        '{"columns": ["a"], "index": [0, 1], "data": [[1], [2]]}',
        '{"dataframe_records": [{"a": 1}, {"a": 2}]}',
        '[{"a": 1}, {"a": 2}]',
    ],
)
def test_older_forms_of_frames(text, tmp_path):
    assert write(tmp_path, text).to_pylist() == [{"a": 1}, {"a": 2}]


def test_older_forms_of_tensors(tmp_path):
    table = write(tmp_path, '{"inputs": [[1, 2]]}', type="ndarray", format="tf-serving")
    assert table.to_pylist() == [{"input": [1, 2]}]


def test_cells_of_different_types_become_text(tmp_path):
    assert write(tmp_path, '[{"a": 1}, {"a": "x"}]').to_pylist() == [{"a": "1"}, {"a": "x"}]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("{", {}),
        ("[" * 100_000, {}),
        ('{"columns": ["a"], "data": [[1], [2, 3]]}', {}),
        ('{"shape": [1]}', {"type": "sparse_matrix_csr"}),
        ('{"shape": [99999999, 99999999], "indptr": []}', {"type": "sparse_matrix_csr"}),
        ("5", {"type": "ndarray"}),
    ],
)
def test_damaged_examples_are_errors_that_say_so(text, about, tmp_path):
    with pytest.raises(errors.Invalid, match=r"input example input_example\.json is damaged"):
        write(tmp_path, text, **about)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [("long", 10**30), ("any", 2**63), ("any", {"deep": [10**30]}), ("datetime", 1e300)],
)
def test_numbers_that_no_column_holds_are_told_with_the_column(kind, cell):
    inputs = ModelInputs(columns=(InputColumn(name="age", type=kind),))
    with pytest.raises(ValueError, match="the column 'age' holds a number that is too large"):
        rows_table([{"age": cell}], inputs)


def test_examples_that_are_not_there(tmp_path):
    assert write(tmp_path, "[]", artifact_path="other.json") is None
    assert write(tmp_path, "[]", artifact_path="x.csv") is None
    assert write(tmp_path, '{"columns": ["a"], "data": []}') is None
    with pytest.raises(errors.Invalid, match="outside"):
        write(tmp_path, "[]", artifact_path="../x.json")


TYPES = [
    *("boolean", "integer", "long", "float", "double", "string", "binary", "datetime", "any"),
    *("array(string)", "map(long)", "object(a: long, b: array(object(c: double)))"),
]
INPUTS = ModelInputs(
    columns=(
        *(InputColumn(name=name, type=name) for name in TYPES),
        InputColumn(name="coded", type="string", categories=("x", "y")),
    )
)


def test_rows_are_made_up_for_every_type_and_always_the_same():
    table = synthesize_rows(INPUTS, 3)
    assert table.num_rows == 3
    assert table.equals(synthesize_rows(INPUTS, 3))
    row = table.to_pylist()[0]
    assert row["array(string)"] == ["a"]
    assert row["object(a: long, b: array(object(c: double)))"] == {"a": 1, "b": [{"c": 1.0}]}
    assert table["coded"].to_pylist() == ["x", "y", "x"]
    assert table.schema.field("integer").type == pa.int32()
    assert table.schema.field("float").type == pa.float32()


@pytest.mark.parametrize(
    ("tensor", "row"),
    [
        (InputTensor(dtype="float32", shape=(-1, 2)), {"0": 1.0, "1": 1.0}),
        (InputTensor(dtype="int64", shape=(-1, 2, 2)), {"input": [[1, 1], [1, 1]]}),
        (InputTensor(dtype="bool", shape=(-1, -1)), {"input": [True, True]}),
        (InputTensor(name="x", dtype="str", shape=(-1, 1)), {"x": ["a"]}),
        (InputTensor(name="x", dtype="float64", shape=(-1,)), {"x": 1.0}),
    ],
)
def test_tensors_are_made_up(tensor, row):
    assert synthesize_rows(ModelInputs(tensors=(tensor,))).to_pylist() == [row]


def test_edge_rows_keep_the_schema_and_stay_within_it():
    table = synthesize_rows(INPUTS, 2)
    edges = edge_rows(table, INPUTS)
    assert edges.schema == table.schema
    assert 0 < edges.num_rows <= 64
    cells = {name: set(map(str, edges[name].to_pylist())) for name in table.column_names}
    assert {"0", "-1", "1000000000"} <= cells["long"]
    assert {"0.0", "-1.0", "1000000000.0"} <= cells["double"]
    assert "" in cells["string"]
    assert any("never seen" in cell for cell in cells["string"])
    assert cells["coded"] == {"x", "y"}
    assert not any(None in edges[name].to_pylist() for name in table.column_names)


def test_missing_values_are_only_put_where_they_are_allowed():
    table = pa.table({"a": [1.0], "b": [1.0], "other": ["kept"]})
    inputs = ModelInputs(
        columns=(
            InputColumn(name="a", type="double", required=False),
            InputColumn(name="b", type="double"),
        )
    )
    edges = edge_rows(table, inputs)
    assert None in edges["a"].to_pylist()
    assert None not in edges["b"].to_pylist()
    assert set(edges["other"].to_pylist()) == {"kept"}


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.uint64(), pa.float32(), pa.date32()])
def test_edges_fit_the_types_as_they_were_sent(kind):
    table = pa.table({"a": pa.array([1], kind)})
    inputs = ModelInputs(columns=(InputColumn(name="a", type="any"),))
    assert edge_rows(table, inputs).num_rows > 0


def test_edges_of_dictionaries_and_lists():
    table = pa.table({"c": pa.array(["x"]).dictionary_encode(), "l": [[[1.0, 2.0]]]})
    inputs = ModelInputs(columns=(InputColumn(name="c", type="string", required=False),))
    assert edge_rows(table, inputs)["c"].to_pylist() == [None, None]
    lists = edge_rows(table.select(["l"]), ModelInputs())["l"].to_pylist()
    assert lists[:3] == [[[0.0, 0.0]], [[-1.0, -1.0]], [[1e9, 1e9]]]


def test_many_columns_make_few_edge_rows():
    table = pa.table({f"c{n}": [1.0] for n in range(2000)})
    columns = tuple(InputColumn(name=f"c{n}", type="double") for n in range(2000))
    edges = edge_rows(table, ModelInputs(columns=columns))
    assert edges.num_rows == 64
    assert edges.slice(0, 1).to_pylist() == [{f"c{n}": 0.0 for n in range(2000)}]


def test_no_rows_have_no_edges():
    table = pa.table({"a": pa.array([], pa.float64())})
    assert edge_rows(table, ModelInputs()).num_rows == 0


def test_an_example_holds_inputs_alone():
    table = pa.table({"truth": ["no"], "b": [1], "a": [2]})
    inputs = ModelInputs(columns=[InputColumn(name=name, type="long") for name in ("a", "b")])
    assert only_inputs(table, inputs).to_pylist() == [{"b": 1, "a": 2}]
    assert only_inputs(table, ModelInputs()) == table
