"""A table to what a model takes: columns by name, tensors, nested values, rows that do not fit."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from modelyard.runtime.worker.casting import Habits, Signature, cast
from modelyard.runtime.worker.problems import Problem


def _cast(table, columns=(), *, tensors=(), habits=None, signature=None, skip=False):
    inputs = {"columns": list(columns), "tensors": list(tensors)}
    table = table if isinstance(table, pa.Table) else pa.table(table)
    return cast(table, inputs, habits or Habits(), signature or Signature(), skip=skip)


def _column(name, kind, **more):
    return {"name": name, "type": kind, **more}


AGE = _column("age", "long")
FARE = _column("fare", "double")


def test_columns_are_found_by_name_in_the_models_order_and_others_left_out():
    made = _cast({"x": ["?"], "fare": [1], "age": [2]}, [AGE, FARE])
    pd.testing.assert_frame_equal(made.data, pd.DataFrame({"age": [2], "fare": [1.0]}))
    assert (made.size, made.rows, made.rejects, made.notes) == (1, None, (), [])


def test_a_missing_column_is_named_with_what_is_needed_and_what_is_there():
    with pytest.raises(Problem) as caught:
        _cast({"Age ": [1], "fare": [1.0], "name": ["x"]}, [AGE, FARE])
    assert caught.value.kind == "invalid"
    assert caught.value.detail == (
        "column 'age' (is it 'Age '?) is missing; the model needs: age (long), fare (double); "
        "the data has: Age , fare, name"
    )
    assert caught.value.context == {"missing": ["age"], "columns": ["Age ", "fare", "name"]}


def test_many_missing_columns_are_counted():
    wanted = [_column(f"c{at}", "double") for at in range(60)]
    with pytest.raises(
        Problem, match=r"'c4' and 55 more are missing; .* c49 .double., \.\.\.; the data has: z"
    ):
        _cast({"z": [1]}, wanted)


def test_two_columns_of_one_name_are_refused():
    table = pa.table([[1], [2]], names=["age", "age"])
    with pytest.raises(Problem, match="two columns named 'age'"):
        _cast(table, [AGE])


def test_names_may_be_anything():
    names = ["größe €", 'a "quoted" name', "it's", "two\nlines", ""]
    table = pa.table([[at] for at in range(5)], names=names)
    made = _cast(table, [_column(name, "long") for name in reversed(names)])
    assert made.data.iloc[0].tolist() == [4, 3, 2, 1, 0]
    assert list(made.data.columns) == names[::-1]


def test_an_optional_column_that_is_not_there_is_given_as_missing_or_left_out():
    bonus = _column("bonus", "double", required=False)
    made = _cast({"age": [1, 2]}, [AGE, bonus])
    assert made.data["bonus"].isna().all()
    assert made.notes == ["column 'bonus' is optional and not in the data: given as missing"]
    left_out = _cast({"age": [1, 2]}, [AGE, bonus], habits=Habits(fill_optional=False))
    assert list(left_out.data.columns) == ["age"]


def test_a_constant_that_the_model_adds_itself_is_added_and_noted():
    habits = Habits(constants={"const": 1.0}, fill_optional=False)
    made = _cast({"age": [5]}, [_column("const", "double"), AGE], habits=habits)
    assert made.data.iloc[0].tolist() == [1.0, 5]
    assert made.notes == ["column 'const' was added as 1.0"]
    there = _cast({"const": [2.0], "age": [5]}, [_column("const", "double"), AGE], habits=habits)
    assert there.data.iloc[0].tolist() == [2.0, 5]


def test_names_that_lightgbm_wrote_with_underscores_are_found():
    habits = Habits(blanks_as_underscores=True)
    made = _cast({"petal length": [1.0]}, [_column("petal_length", "double")], habits=habits)
    assert list(made.data.columns) == ["petal_length"]


def test_the_first_row_that_does_not_fit_is_named():
    table = {"age": [1, 2, None, 4], "fare": ["1", "2", "3", "four"]}
    with pytest.raises(
        Problem, match=r"^row 2: column 'age' has no value here, expected"
    ) as caught:
        _cast(table, [AGE, FARE])
    assert caught.value.kind == "invalid"
    assert caught.value.context == {"row": 2}


def test_rows_that_do_not_fit_can_be_left_out():
    table = {"age": [1, 2, None, 4], "fare": ["1", "2", "3", "four"]}
    made = _cast(table, [AGE, FARE], skip=True)
    pd.testing.assert_frame_equal(made.data, pd.DataFrame({"age": [1, 2], "fare": [1.0, 2.0]}))
    assert made.rows.tolist() == [0, 1]
    assert [reject["row"] for reject in made.rejects] == [2, 3]
    assert made.rejects[1]["reason"] == "column 'fare' holds 'four', expected a number (double)"


def test_columns_without_names_are_taken_by_position():
    made = _cast(
        {"text": ["a"], "other": ["b"]}, [_column("0", "string")], signature=Signature(named=False)
    )
    assert made.data.columns.tolist() == [0]
    assert made.data.iloc[0, 0] == "a"


def test_without_inputs_the_frame_is_passed_on_as_pandas_makes_it():
    table = pa.table(
        {"a": [1, None], "b": ["x", None], "c": pa.array(["u", "v"]).dictionary_encode()}
    )
    made = _cast(table)
    assert made.data.dtypes.astype(str).tolist()[::2] == ["float64", "category"]
    assert made.data["b"].isna().tolist() == [False, True]


class TestTensors:
    def test_scalar_columns_fill_a_matrix_in_their_order(self):
        made = _cast({"b": [1, 2], "a": [0.5, 1.5]}, tensors=[_tensor([-1, 2])])
        np.testing.assert_array_equal(made.data, np.array([[1, 0.5], [2, 1.5]], np.float32))
        assert made.data.dtype == np.float32

    def test_features_choose_the_columns(self):
        table = {"id": ["x"], "a": [1], "b": [2]}
        made = _cast(table, [_column("b", "any"), _column("a", "any")], tensors=[_tensor([-1, 2])])
        assert made.data.tolist() == [[2, 1]]

    def test_too_many_columns_are_refused(self):
        with pytest.raises(
            Problem, match=r"a tensor of 2 values per row .* there are 3 columns: a, b, c"
        ):
            _cast({"a": [1], "b": [2], "c": [3]}, tensors=[_tensor([-1, 2])])

    @pytest.mark.parametrize(
        "kind", [pa.list_(pa.int64()), pa.large_list(pa.int64()), pa.list_(pa.int64(), 4)]
    )
    def test_a_list_column_fills_any_shape(self, kind):
        table = pa.table({"pixels": pa.array([[1, 2, 3, 4], [5, 6, 7, 8]], kind)})
        made = _cast(table, tensors=[_tensor([-1, 2, 2], "int64")])
        assert made.data.tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]

    def test_nested_lists_fill_a_shape_and_an_open_size_is_read_off_the_first_row(self):
        table = {"pixels": [[[1, 2], [3, 4], [5, 6]]]}
        made = _cast(table, tensors=[_tensor([-1, -1, 2], "int64")])
        assert made.data.shape == (1, 3, 2)

    def test_a_row_with_another_number_of_values_does_not_fit(self):
        table = {"pixels": [[1.0, 2.0], [3.0], None, [4.0, 5.0]]}
        made = _cast(table, tensors=[_tensor([-1, 2])], skip=True)
        assert made.data.tolist() == [[1, 2], [4, 5]]
        assert [reject["row"] for reject in made.rejects] == [1, 2]
        with pytest.raises(
            Problem, match=r"row 1: column 'pixels' holds \[3.0\], expected float32"
        ):
            _cast(table, tensors=[_tensor([-1, 2])])

    def test_a_value_of_the_wrong_type_in_a_list_does_not_fit(self):
        table = {"pixels": [[1.0, 2.5], [3.0, 4.0]]}
        made = _cast(table, tensors=[_tensor([-1, 2], "int64")], skip=True)
        assert made.data.tolist() == [[3, 4]]

    def test_an_open_size_that_the_first_row_does_not_fill(self):
        with pytest.raises(Problem, match=r"rows of 3 values do not fill the shape \[-1, -1, 2\]"):
            _cast({"pixels": [[1, 2, 3]]}, tensors=[_tensor([-1, -1, 2], "int64")])

    def test_named_tensors_are_a_dict_of_arrays(self):
        tensors = [_tensor([-1], "int64", "id"), _tensor([-1, 1], "str", "text")]
        made = _cast({"text": ["long text", "b"], "id": [1, 2]}, tensors=tensors)
        assert made.data["id"].tolist() == [1, 2]
        assert made.data["text"].tolist() == [["long text"], ["b"]]


def _tensor(shape, dtype="float32", name=None):
    return {"name": name, "dtype": dtype, "shape": shape}


SCORES = {"type": "array", "items": {"type": "double", "required": True}, "required": True}
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "required": True},
        "age": {"type": "long", "required": False},
        "tags": {"type": "map", "values": {"type": "string", "required": True}, "required": False},
    },
    "required": True,
}


class TestNested:
    def _cast(self, cells, spec, **more):
        table = cells if isinstance(cells, pa.Table) else pa.table({"x": cells})
        signature = Signature(nested={"x": spec})
        return _cast(table, [_column("x", spec["type"])], signature=signature, **more)

    def test_arrays_objects_and_maps_are_read(self):
        assert self._cast([[1, 2.5]], SCORES).data["x"].tolist() == [[1.0, 2.5]]
        tags = pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string()))
        people = pa.StructArray.from_arrays(
            [pa.array(["Ann"]), pa.array([41.0]), tags], ["name", "age", "tags"]
        )
        made = self._cast(people, PERSON)
        assert made.data["x"].tolist() == [{"name": "Ann", "age": 41, "tags": {"a": "b"}}]

    def test_an_optional_property_without_value_is_left_out(self):
        made = self._cast([{"name": "Ann", "age": None}], PERSON)
        assert made.data["x"].tolist() == [{"name": "Ann"}]

    def test_text_is_read_as_json_and_noted(self):
        made = self._cast(["[1, 2]", "[0.5]"], SCORES)
        assert made.data["x"].tolist() == [[1.0, 2.0], [0.5]]
        assert made.notes == ["column 'x' is text; it was read as JSON"]

    @pytest.mark.parametrize(
        ("cells", "spec", "reason"),
        [
            ([[1, None]], SCORES, r"\[1\] is None, expected double"),
            ([None, [1]], SCORES, "it is None, expected array"),
            (["[1, true]"], SCORES, r"\[1\] is True, expected double"),
            (["{"], SCORES, "Expecting property name"),
            ([{"name": "Ann", "age": 1.5}], PERSON, r"\.age is 1.5, expected long"),
            ([{"age": 1}], PERSON, r"\.name is None, expected string"),
            ([{"name": "Ann", "shoe": 7}], PERSON, r"\.shoe is 7, expected no such property"),
            (['{"name": "A", "tags": ["t"]}'], PERSON, "expected a map with text keys"),
            (["5"], PERSON, "expected an object with name, age, tags"),
        ],
    )
    def test_a_value_that_does_not_fit_is_named_by_its_path(self, cells, spec, reason):
        with pytest.raises(Problem, match="row 0: column 'x': .*" + reason):
            self._cast(cells, spec)

    @pytest.mark.parametrize(
        ("kind", "value", "expected"),
        [
            ("boolean", "true", True),
            ("datetime", '"2024-02-29T10:00:00"', pd.Timestamp("2024-02-29 10:00").to_pydatetime()),
            ("binary", '"YQ=="', b"a"),
            ("integer", "3.0", 3),
            ("any", '"x"', "x"),
        ],
    )
    def test_scalars_inside_are_read_by_their_type(self, kind, value, expected):
        spec = {"type": "array", "items": {"type": kind, "required": True}, "required": True}
        assert self._cast([f"[{value}]"], spec).data["x"].tolist() == [[expected]]

    def test_dates_and_bytes_of_arrow_are_taken(self):
        for cell, kind, expected in (
            (dt.date(2024, 2, 29), "datetime", dt.datetime(2024, 2, 29)),  # noqa: DTZ001
            (b"a", "binary", b"a"),
        ):
            spec = {"type": "array", "items": {"type": kind, "required": True}, "required": True}
            assert self._cast([[cell]], spec).data["x"].tolist() == [[expected]]

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("boolean", "1"),
            ("datetime", '"1/2/2024"'),
            ("binary", '"&"'),
            ("integer", "1e999"),
            ("string", "1"),
        ],
    )
    def test_scalars_inside_that_do_not_fit_are_refused(self, kind, value):
        spec = {"type": "array", "items": {"type": kind, "required": True}, "required": True}
        with pytest.raises(Problem, match=f"expected {kind}"):
            self._cast([f"[{value}]"], spec)

    def test_a_record_without_a_name_takes_its_properties_from_columns_of_their_names(self):
        signature = Signature(named=False, nested={0: PERSON})
        table = {"extra": [0], "age": [41.0], "name": ["Ann"]}
        made = _cast(table, [_column("0", "object")], signature=signature)
        assert made.data.to_dict("records") == [{"name": "Ann", "age": 41}]

    def test_a_map_without_a_name_takes_all_columns(self):
        signature = Signature(
            named=False, nested={0: {"type": "map", "values": {"type": "double"}}}
        )
        made = _cast({"a": [1], "b": [2]}, [_column("0", "map")], signature=signature)
        assert made.data.to_dict("records") == [{"a": 1.0, "b": 2.0}]

    def test_a_record_in_one_column_is_one_cell(self):
        signature = Signature(named=False, nested={0: PERSON})
        made = _cast({"who": ['{"name": "Ann"}']}, [_column("0", "object")], signature=signature)
        assert made.data[0].tolist() == [{"name": "Ann"}]
