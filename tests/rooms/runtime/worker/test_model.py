"""A loaded model answers requests: modes, params, refused rows, classes, repaired inputs."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.model_zoo import NAMES
from tests.model_zoo.made import quietly

from modelyard.runtime.types import Interpretation, LoadedModel, ModelInputs, RawOutput
from modelyard.runtime.worker.problems import Problem


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_has_the_shape_of_the_products_types(name, zoo, loaded, predict):
    described = LoadedModel.model_validate(loaded(name).describe())
    made = zoo(name)
    if made.classes is not None and name != "pyfunc_frame":
        assert list(described.classes) == list(made.classes)
    assert {"mlflow", "numpy", "pandas", "pyarrow"} <= set(described.libraries)
    _, _, meta = predict(name, "probe")
    RawOutput.model_validate(meta["raw"])
    Interpretation.model_validate(meta["interpretation"])
    if made.inputs is not None:
        ModelInputs.model_validate(made.inputs)


FRAMELESS = ("sklearn_arrays", "onnx_", "pyfunc_function", "pyfunc_records", "categories", "stats")


@pytest.mark.parametrize(
    "name", [name for name in NAMES if not any(odd in name for odd in FRAMELESS)]
)
def test_direct_output_is_what_pyfunc_gives(name, zoo, predict):
    made = zoo(name)
    frame = made.rows.to_pandas().drop(columns="unrelated")
    with quietly():
        pyfunc = mlflow.pyfunc.load_model(str(made.folder))
        names = made.inputs and [column["name"] for column in made.inputs["columns"]]
        frame = frame[names or frame.columns[::-1]]
        expected = pyfunc.predict(frame)
    table, _, _ = predict(name, "direct")
    if isinstance(expected, pd.DataFrame):
        assert table.column_names == list(expected.columns)
    np.testing.assert_array_equal(
        table.to_pandas().to_numpy(), np.asarray(expected).reshape(len(frame), -1)
    )


class TestMissingColumns:
    def test_a_model_without_signature_needs_its_own_features(self, zoo, predict):
        rows = zoo("sklearn_multiclass").rows.drop_columns(["petal_width"])
        with pytest.raises(Problem, match="column 'petal_width' is missing; the model needs: "):
            predict("sklearn_multiclass", rows=rows)

    def test_features_without_names_must_be_as_many_as_the_model_takes(self, zoo, predict):
        rows = zoo("onnx_regression").rows.append_column("more", pa.array([0] * 442))
        inputs = {"columns": [], "tensors": [], "params": []}
        table, _, _ = predict("onnx_regression", inputs=inputs)
        assert table.num_rows == 442
        with pytest.raises(Problem, match=r"takes 10 features .* the data has 11"):
            predict("onnx_regression", rows=rows, inputs=inputs)


class TestParams:
    def test_given_ones_reach_the_model(self, predict):
        once, _, _ = predict("pyfunc_params", params={"factor": 1})
        twice, _, _ = predict("pyfunc_params")
        np.testing.assert_allclose(
            once["prediction"].to_numpy() * 2, twice["prediction"].to_numpy()
        )

    @pytest.mark.parametrize(
        ("params", "said"),
        [
            ({"size": 1}, "no parameter 'size'; it has: factor, names"),
            (
                {"factor": "big"},
                "'factor' is 'big', expected double such as 2.0, its default",
            ),
            ({"factor": True}, "parameter 'factor' is True"),
            ({"names": "a"}, "parameter 'names' is 'a', expected list of string"),
            ({"names": ["a", 1]}, "expected list of string"),
        ],
    )
    def test_unknown_and_wrong_ones_are_refused(self, params, said, predict):
        with pytest.raises(Problem, match=said) as caught:
            predict("pyfunc_params", params=params)
        assert caught.value.kind == "invalid"

    def test_a_model_without_params_has_none(self, predict):
        with pytest.raises(Problem, match="no parameter 'x'; it has: none"):
            predict("sklearn_regression", params={"x": 1})


class TestClasses:
    @pytest.mark.parametrize(
        "name", ["sklearn_binary", "catboost_binary", "onnx_matrix", "lightgbm_binary"]
    )
    @pytest.mark.parametrize("mode", ["restructured", "probe"])
    def test_an_order_that_contradicts_the_model_is_refused(self, name, mode, zoo, predict):
        given = list(zoo(name).classes)[::-1]
        with pytest.raises(Problem, match="would be given to the wrong classes") as caught:
            predict(name, mode, classes=given)
        assert caught.value.kind == "invalid"
        assert caught.value.context["given"] == given

    def test_a_binary_type_does_not_take_three_classes(self, predict):
        with pytest.raises(Problem, match="has two classes, the model has 3"):
            predict("sklearn_multiclass", prediction_type="binary_classification")

    def test_the_same_labels_in_another_type_are_shown_as_given(self, predict):
        table, _, meta = predict("onnx_matrix", classes=["0", "1"])
        assert set(table["prediction"].to_pylist()) == {"0", "1"}
        assert table.column_names[1:] == ["proba_0", "proba_1"]
        assert meta["notes"] == []


def test_a_threshold_moves_the_label(zoo, predict):
    table, _, _ = predict("sklearn_binary", threshold=0.9)
    positive = zoo("sklearn_binary").probabilities[:, 1]
    expected = np.where(positive >= 0.9, "malignant", "benign")
    assert table["prediction"].to_pylist() == expected.tolist()


def test_a_threshold_goes_before_the_models_own(loaded, zoo, predict):
    described = loaded("sklearn_threshold").describe()
    assert described["threshold"] == 0.8
    assert "the model's own threshold is 0.8" in described["notes"][0]
    table, _, _ = predict("sklearn_threshold", threshold=0.5)
    assert table["prediction"].to_pylist() != zoo("sklearn_threshold").predictions.tolist()


def test_type_other_has_direct_output_alone(predict):
    with pytest.raises(Problem, match="type other is not interpreted; use mode direct") as caught:
        predict("sklearn_binary", prediction_type="other")
    assert caught.value.kind == "unsupported"
    table, _, meta = predict("sklearn_binary", "probe", prediction_type="other")
    assert meta["interpretation"]["rule"] == "values"
    assert table.column_names == ["prediction"]


def test_a_classifier_of_numbers_may_serve_as_a_regression(predict):
    table, _, _ = predict("xgboost_binary", prediction_type="regression", classes=None)
    assert table.column_names == ["prediction"]


def test_a_stored_interpretation_is_followed(predict):
    _, _, meta = predict("pyfunc_frame", "probe")
    stored = {**meta["interpretation"], "rule": "labels", "overridden": True}
    table, _, again = predict("pyfunc_frame", interpretation=stored)
    assert table.column_names == ["prediction"]
    assert again["interpretation"] == stored


class TestRows:
    @pytest.mark.parametrize("name", ["sklearn_pipeline", "catboost_raw", "onnx_maps"])
    def test_one_row(self, name, zoo, predict):
        table, _, _ = predict(name, rows=zoo(name).rows.slice(3, 1))
        full, _, _ = predict(name)
        np.testing.assert_allclose(
            [table[column][0].as_py() for column in table.column_names[1:]],
            [full[column][3].as_py() for column in full.column_names[1:]],
            rtol=1e-6,
            atol=1e-9,
        )

    def test_no_rows_give_an_empty_table_where_its_columns_are_known(self, zoo, predict):
        rows = zoo("sklearn_pipeline").rows.slice(0, 0)
        table, rejects, _ = predict("sklearn_pipeline", rows=rows)
        full, _, _ = predict("sklearn_pipeline")
        assert (table.schema, table.num_rows, rejects) == (full.schema, 0, [])
        assert predict("sklearn_pipeline", "direct", rows=rows)[0] is None
        assert predict("pyfunc_frame", rows=zoo("pyfunc_frame").rows.slice(0, 0))[0] is None

    def test_chunks_and_dictionaries_make_no_difference(self, zoo, predict):
        rows = zoo("sklearn_pipeline").rows
        pieces = pa.concat_tables([rows.slice(0, 7), rows.slice(7)])
        at = pieces.column_names.index("occupation")
        pieces = pieces.set_column(at, "occupation", pieces["occupation"].dictionary_encode())
        assert predict("sklearn_pipeline", rows=pieces)[0].equals(predict("sklearn_pipeline")[0])


def _with(rows, name, cells):
    at = rows.column_names.index(name)
    return rows.set_column(at, name, cells)


class TestRefusedRows:
    """The pipeline's encoder refuses occupations that it does not know."""

    @pytest.fixture
    def rows(self, zoo):
        rows = zoo("sklearn_pipeline").rows
        cells = rows["occupation"].to_pylist()
        for row in (17, 18, 800):
            cells[row] = "piloting"
        return _with(rows, "occupation", pa.array(cells))

    def test_the_first_one_is_named(self, rows, predict):
        with pytest.raises(Problem, match=r"^row 17: the model refused it: ValueError: ") as caught:
            predict("sklearn_pipeline", rows=rows)
        assert (caught.value.kind, caught.value.context) == ("failed", {"row": 17})

    def test_they_can_be_left_out_together_with_cells_that_do_not_fit(self, rows, predict):
        children = rows["children"].to_pylist()
        children[3] = None
        rows = _with(rows, "children", pa.array(children))
        table, rejects, _ = predict("sklearn_pipeline", rows=rows, on_error="skip")
        assert [reject["row"] for reject in rejects] == [3, 17, 18, 800]
        assert "column 'children' has no value" in rejects[0]["reason"]
        assert "the model refused it: ValueError: Found unknown categories" in rejects[1]["reason"]
        full, _, _ = predict("sklearn_pipeline")
        kept = [row for row in range(1000) if row not in (3, 17, 18, 800)]
        assert table["prediction"].to_pylist() == full.take(kept)["prediction"].to_pylist()

    def test_many_that_lie_scattered(self, rows, predict):
        cells = rows["occupation"].to_pylist()
        bad = [row for row in range(1000) if row % 7 == 3 or row in (17, 18, 800)]
        for row in bad:
            cells[row] = "piloting" if row % 2 else "diving"
        rows = _with(rows, "occupation", pa.array(cells))
        table, rejects, _ = predict("sklearn_pipeline", rows=rows, on_error="skip")
        assert [reject["row"] for reject in rejects] == bad
        assert all(cells[reject["row"]] in reject["reason"] for reject in rejects)
        full, _, _ = predict("sklearn_pipeline")
        kept = [row for row in range(1000) if row not in bad]
        assert table["prediction"].to_pylist() == full.take(kept)["prediction"].to_pylist()

    def test_the_row_is_counted_in_what_was_sent(self, rows, predict):
        children = rows["children"].to_pylist()
        children[3] = None
        rows = _with(rows, "children", pa.array(children))
        with pytest.raises(Problem, match="row 3: column 'children'"):
            predict("sklearn_pipeline", rows=rows)

    def test_a_model_that_refuses_every_row_has_failed(self, rows, predict):
        rows = _with(rows, "occupation", pa.array(["piloting"] * 1000))
        with pytest.raises(Problem, match="refused the first 32 rows and as many others") as caught:
            predict("sklearn_pipeline", rows=rows, on_error="skip")
        assert caught.value.kind == "failed"

    def test_bad_rows_may_all_come_first(self, rows, predict):
        cells = ["piloting"] * 60 + rows["occupation"].to_pylist()[60:800] + ["office"] * 200
        rows = _with(rows, "occupation", pa.array(cells))
        table, rejects, _ = predict("sklearn_pipeline", rows=rows, on_error="skip")
        assert [reject["row"] for reject in rejects] == list(range(60))
        assert table.num_rows == 940

    def test_a_few_rows_may_all_be_refused(self, rows, predict):
        table, rejects, _ = predict("sklearn_pipeline", rows=rows.slice(17, 2), on_error="skip")
        assert [reject["row"] for reject in rejects] == [0, 1]
        assert table.num_rows == 0
        assert table.column_names == ["prediction", "proba_no", "proba_yes"]


class TestRepairedInputs:
    """What MLflow's own schema check refuses passes, once the inputs say so."""

    def _inputs(self, made, **changes):
        columns = [
            {**column, **changes.get(column["name"], {})} for column in made.inputs["columns"]
        ]
        return {**made.inputs, "columns": columns}

    def test_whole_numbers_with_gaps_as_double(self, zoo, loaded, predict):
        made = zoo("lightgbm_categories")
        cells = made.rows["children"].to_pylist()
        cells[5] = None
        rows = _with(made.rows, "children", pa.array(cells, pa.int64()))
        with pytest.raises(Problem, match="row 5: column 'children' has no value here"):
            predict("lightgbm_categories", rows=rows)
        for repair in ({"type": "double"}, {"required": False}):
            inputs = self._inputs(made, children=repair)
            table, rejects, _ = predict("lightgbm_categories", rows=rows, inputs=inputs)
            assert (table.num_rows, rejects) == (1000, [])

    def test_an_optional_column_may_be_absent(self, zoo, predict):
        made = zoo("xgboost_regression")
        inputs = self._inputs(made, bmi={"required": False})
        rows = made.rows.drop_columns(["bmi"])
        table, _, meta = predict("xgboost_regression", rows=rows, inputs=inputs)
        assert table.num_rows == 442
        assert meta["notes"] == ["column 'bmi' is optional and not in the data: given as missing"]

    def test_text_and_whole_numbers_for_numbers(self, zoo, predict):
        made = zoo("sklearn_pipeline")
        rows = _with(made.rows, "age", made.rows["age"].cast(pa.string()))
        rows = _with(rows, "children", made.rows["children"].cast(pa.float64()))
        table, _, meta = predict("sklearn_pipeline", rows=rows)
        assert table.equals(predict("sklearn_pipeline")[0])
        assert meta["notes"] == ["column 'age' is text; its numbers were read"]


class TestCategories:
    @pytest.mark.parametrize("name", ["lightgbm_categories", "xgboost_categories"])
    def test_the_models_own_are_told(self, name, loaded):
        features = {feature["name"]: feature for feature in loaded(name).describe()["features"]}
        occupations = ["academic", "farming", "managing", "office", "student", "teaching"]
        assert features["occupation"]["categories"] == occupations
        assert features["age"]["categories"] is None

    @pytest.mark.parametrize("name", ["lightgbm_categories", "xgboost_categories"])
    def test_an_unseen_one_counts_as_missing_as_in_the_library_itself(self, name, zoo, predict):
        rows = zoo(name).rows.slice(0, 3)
        unseen, _, meta = predict(name, rows=_with(rows, "partner", pa.array(["piloting"] * 3)))
        missing, _, _ = predict(name, rows=_with(rows, "partner", pa.nulls(3)))
        assert unseen.equals(missing)
        assert "3 cells hold categories unknown to the model ('piloting')" in meta["notes"][0]
        assert "taken as missing" in meta["notes"][0]


def test_a_gap_in_a_catboost_category_is_refused_by_row(zoo, predict):
    rows = zoo("catboost_binary").rows
    cells = rows["partner"].to_pylist()
    cells[9] = None
    with pytest.raises(Problem, match=r"row 9: the model refused it: CatBoostError: .*NaN"):
        predict("catboost_binary", rows=_with(rows, "partner", pa.array(cells)))


def test_a_gap_in_a_formulas_column_gives_no_prediction(zoo, predict):
    rows = zoo("statsmodels_formula").rows
    ages = rows["age"].to_pylist()
    ages[4] = None
    table, rejects, _ = predict("statsmodels_formula", rows=_with(rows, "age", pa.array(ages)))
    assert table["prediction"][4].as_py() is None
    assert table["prediction"].null_count == 1
    assert rejects == []
