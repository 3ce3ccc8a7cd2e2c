"""The signature report: where inputs come from, what is repaired and why, what contradicts."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from modelyard import errors
from modelyard.models.dataset_facts import DatasetFacts
from modelyard.models.signature import declared_features, report_signature
from modelyard.models.types import FlavorFacts, ModelFile, Repair
from modelyard.runtime.types import InputColumn, InputTensor, LoadedModel, ModelInputs, Param


def column(name, kind="double", **more):
    return InputColumn(name=name, type=kind, **more)


def report(*columns, loaded=None, dataset=None, features=(), inputs=None):
    """The report for a signature of the given columns; without any, for no signature."""
    if columns:
        inputs = ModelInputs(columns=columns)
    return report_signature(
        ModelFile(flavors=(FlavorFacts(name="sklearn"),), inputs=inputs),
        LoadedModel(flavor="sklearn", python="3.11", features=loaded),
        None if dataset is None else DatasetFacts.of(pa.table(dataset)),
        declared_features(features),
    )


def test_a_signature_is_taken_as_it_is():
    found = report(column("a"), column("b", "string", required=False))
    assert found.source == "signature"
    assert found.inputs.columns == (column("a"), column("b", "string", required=False))
    assert not found.repairs
    assert not found.warnings


def test_without_a_signature_the_model_tells_its_features():
    own = (column("a", "any"), column("b", "any", categories=("x", "y")))
    found = report(loaded=own, dataset={"b": ["x", "y"], "a": [1, 2]})
    assert found.source == "model"
    assert found.inputs.columns == (
        column("a", "long"),
        column("b", "string", categories=("x", "y")),
    )
    assert found.repairs[0].kind == "inferred"
    assert "trained on" in found.repairs[0].reason


def test_without_a_signature_the_user_tells_the_features():
    found = report(features=("a:long", "b"))
    assert found.source == "user"
    assert found.inputs.columns == (column("a", "long"), column("b", "any"))
    assert found.repairs[0].kind == "from_user"


def test_without_a_signature_the_dataset_tells_the_features():
    found = report(dataset={"a": [1, 2], "b": ["x", None], "c": [dt.date(2024, 1, 1)] * 2})
    assert found.source == "dataset"
    assert [(c.name, c.type, c.required) for c in found.inputs.columns] == [
        ("a", "long", True),
        ("b", "string", False),
        ("c", "datetime", True),
    ]
    assert [repair.kind for repair in found.repairs] == ["from_dataset", "optional"]


def test_nothing_known_is_said():
    found = report()
    assert found.source == "none"
    assert "name the features with --features" in found.warnings[0]


def test_params_are_kept_when_columns_come_from_elsewhere():
    params = (Param(name="t", type="double", default=1.0),)
    found = report(inputs=ModelInputs(params=params), features=("a",))
    assert found.inputs.params == params
    assert found.source == "user"


def test_whole_numbers_that_are_missing_become_doubles():
    found = report(column("n", "long"), dataset={"n": [1, None, 3]})
    assert found.inputs.columns == (column("n", "double", required=False),)
    assert found.repairs == (
        Repair(
            column="n",
            kind="wider_type",
            before="long, required",
            after="double, may be missing",
            reason="1 of 3 rows of the dataset have no value; a column of whole numbers cannot "
            "hold missing ones, one of doubles can",
        ),
    )


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("double", [1.5, None]),
        ("double", [1.5, float("nan")]),
        ("string", ["a", None]),
        ("boolean", [True, None]),
        ("datetime", [dt.datetime(2024, 1, 1), None]),  # noqa: DTZ001
    ],
)
def test_columns_with_missing_values_become_optional(kind, cells):
    found = report(column("x", kind), dataset={"x": cells})
    assert found.inputs.columns == (column("x", kind, required=False),)
    assert [repair.kind for repair in found.repairs] == ["optional"]
    assert found.repairs[0].reason == "1 of 2 rows of the dataset have no value"


def test_a_column_that_is_all_missing_is_optional():
    found = report(column("x", "string"), dataset={"x": pa.nulls(3)})
    assert found.inputs.columns[0].required is False


def test_numbers_beyond_32_bits_widen_an_integer():
    found = report(column("n", "integer"), dataset={"n": [1, 2**40]})
    assert found.inputs.columns == (column("n", "long"),)
    assert found.repairs[0].kind == "wider_type"
    assert not report(column("n", "integer"), dataset={"n": [1, 2]}).repairs


def test_the_models_categories_are_added():
    own = (column("c", "any", categories=("x", "y")),)
    found = report(column("c", "string"), loaded=own, dataset={"c": ["x", "y", "z", None]})
    assert found.inputs.columns[0].categories == ("x", "y")
    assert [repair.kind for repair in found.repairs] == ["categories", "optional"]
    assert found.warnings == (
        "column 'c' has 1 values in the dataset that the model was not trained on: 'z'",
    )


def test_categories_of_dictionaries_are_compared_too():
    own = (column("c", "any", categories=("x",)),)
    cells = pa.array(["x", "y"]).dictionary_encode()
    assert (
        "not trained on: 'y'"
        in report(column("c", "string"), loaded=own, dataset={"c": cells}).warnings[0]
    )


def test_dates_that_come_as_text_and_text_that_comes_as_dates():
    dates = [dt.date(2024, 1, 1)]
    found = report(
        column("d", "datetime"),
        column("t", "string"),
        dataset={"d": ["2024-01-01"], "t": dates},
    )
    assert [(r.column, r.kind, r.after) for r in found.repairs] == [
        ("d", "datetime", "datetime or text"),
        ("t", "datetime", "string or datetime"),
    ]


@pytest.mark.parametrize(
    ("kind", "cells", "said"),
    [
        ("long", [1.5], "holds fractions in the dataset, but the model takes long"),
        ("double", ["x"], "holds text; what does not read as double"),
        ("boolean", ["x"], "holds text; what does not read as boolean"),
        ("double", [dt.date(2024, 1, 1)], "holds dates in the dataset, but the model takes double"),
    ],
)
def test_what_will_be_refused_is_warned_of(kind, cells, said):
    assert said in report(column("x", kind), dataset={"x": cells}).warnings[0]


def test_a_signature_that_lacks_features_of_the_model_is_warned_of():
    found = report(column("a"), loaded=(column("a", "any"), column("b", "any")))
    assert found.warnings == (
        "the model itself was trained on b, which its signature does not have",
    )
    wrapper = report(column("text", "string"), loaded=(column("a", "any"),))
    assert not wrapper.warnings


def test_a_dataset_that_lacks_columns_is_an_error_that_names_them():
    with pytest.raises(errors.Invalid, match="the dataset lacks b, c, which the model needs"):
        report(column("a"), column("b"), column("c"), dataset={"a": [1.0], "x": [1]})
    report(column("a"), column("b", required=False), dataset={"a": [1.0]})


def test_declared_features_may_widen_types():
    found = report(column("a", "long"), column("b"), features=("a:double", "b"))
    assert found.inputs.columns == (column("a", "double"), column("b"))
    assert [(r.column, r.kind, r.before, r.after) for r in found.repairs] == [
        ("a", "from_user", "long", "double")
    ]


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (
            ("a:string", "b"),
            "feature 'a' is declared as string, but the model's signature says long",
        ),
        (("a:integer", "b"), "feature 'a' is declared as integer"),
        (("a", "b", "c"), "feature 'c' is not in the model's signature, which has: a, b"),
        (("a",), "the model's signature also requires the features b; declare them too"),
    ],
)
def test_declared_features_may_not_contradict_the_signature(features, said):
    with pytest.raises(errors.Invalid, match=said):
        report(column("a", "long"), column("b", "double"), features=features)


def test_declared_features_may_not_contradict_the_model_itself():
    with pytest.raises(errors.Invalid, match="'x' is not in the model itself"):
        report(loaded=(column("a", "any"),), features=("x",))
    found = report(loaded=(column("a", "any"),), features=("a:string",))
    assert found.inputs.columns == (column("a", "string"),)


def tensors(*made):
    return ModelInputs(tensors=made)


def test_a_tensor_gets_names_from_declared_features():
    inputs = tensors(InputTensor(dtype="float64", shape=(-1, 2)))
    found = report(inputs=inputs, features=("a:double", "b:double"))
    assert found.inputs.columns == (column("a"), column("b"))
    assert found.inputs.tensors == inputs.tensors
    assert found.repairs[0].kind == "from_user"
    with pytest.raises(errors.Invalid, match="takes a tensor of 2 values per row"):
        report(inputs=inputs, features=("a",))


def test_named_tensors_are_features():
    inputs = tensors(
        InputTensor(name="x", dtype="float64", shape=(-1, 2)),
        InputTensor(name="y", dtype="float64", shape=(-1,)),
    )
    assert report(inputs=inputs, features=("x", "y")).inputs == inputs
    with pytest.raises(errors.Invalid, match="feature 'z' is not in the model's signature"):
        report(inputs=inputs, features=("z",))
    with pytest.raises(errors.Invalid, match="the dataset lacks y"):
        report(inputs=inputs, dataset={"x": [[1.0, 2.0]]})


@pytest.mark.parametrize("text", ["a:int", "a:", "a:b:c"])
def test_unknown_types_of_features_are_refused(text):
    with pytest.raises(errors.Invalid, match="there is no type"):
        declared_features([text])


def test_features_are_named_once():
    with pytest.raises(errors.Invalid, match="names a twice"):
        declared_features(["a", "b", "a:long"])


def test_names_of_features_may_hold_colons_if_a_type_follows():
    assert declared_features(["a:b:any"]) == (column("a:b", "any"),)


def test_facts_of_all_arrow_types():
    table = pa.table(
        {
            "i8": pa.array([1], pa.int8()),
            "u64": pa.array([2**63], pa.uint64()),
            "f16": pa.array([1.5], pa.float32()),
            "dec": pa.array([1], pa.decimal128(5, 2)),
            "big": pa.array(["x"], pa.large_string()),
            "bin": pa.array([b"x"]),
            "ts": pa.array([0], pa.timestamp("s", "UTC")),
            "list": pa.array([[1]]),
            "cat": pa.array(["x"]).dictionary_encode(),
            "none": pa.nulls(1),
        }
    )
    facts = {fact.name: fact.type for fact in DatasetFacts.of(table).columns}
    assert list(facts.values()) == [
        *("integer", "long", "float", "double", "string", "binary", "datetime", "any"),
        *("string", "any"),
    ]
    assert DatasetFacts.of(table.slice(0, 0)).rows == 0
