"""Which columns are read, sent, kept and renamed."""

from __future__ import annotations

import pyarrow as pa
import pytest

from modelyard import errors
from modelyard.runtime.types import InputColumn, InputTensor, ModelInputs
from modelyard.scoring.columns import choose_columns, without_clashes

SCHEMA = pa.schema([(name, pa.float64()) for name in ("id", "age", "größe €", "target")])


def takes(*names: str, optional: tuple[str, ...] = ()) -> ModelInputs:
    """Inputs with these columns."""
    return ModelInputs(
        columns=tuple(
            InputColumn(name=name, type="double", required=name not in optional)
            for name in (*names, *optional)
        )
    )


def choose(inputs: ModelInputs, keep=None, features=()):
    return choose_columns(SCHEMA, inputs, features=features, keep=keep, dataset="people.csv")


def test_only_what_is_needed_and_kept_is_read() -> None:
    columns = choose(takes("größe €", "age"), keep=["id"])
    assert columns.read == ("id", "age", "größe €")
    assert columns.sent == ("größe €", "age"), "in the model's order"
    assert columns.kept == ("id",)


def test_everything_is_kept_by_default() -> None:
    assert choose(takes("age")).kept == ("id", "age", "größe €", "target")


@pytest.mark.parametrize("keep", [[], ["none"]])
def test_nothing_is_kept_when_told_so(keep: list[str]) -> None:
    columns = choose(takes("age"), keep=keep)
    assert (columns.read, columns.kept) == (("age",), ())


def test_the_word_none_keeps_a_column_of_that_name() -> None:
    schema = pa.schema([("none", pa.int64()), ("age", pa.float64())])
    columns = choose_columns(schema, takes("age"), features=(), keep=["none"], dataset="d")
    assert columns.kept == ("none",)


def test_an_optional_column_may_be_missing() -> None:
    assert choose(takes("age", optional=("shoe size",))).sent == ("age",)


def test_features_are_sent_where_the_model_names_no_columns() -> None:
    assert choose(ModelInputs(), features=("age", "größe €")).sent == ("age", "größe €")


def test_named_tensors_are_columns() -> None:
    tensor = InputTensor(name="age", dtype="float32", shape=(-1, 1))
    assert choose(ModelInputs(tensors=(tensor,)), keep=[]).sent == ("age",)


def test_a_signature_without_names_takes_the_columns_as_they_come() -> None:
    assert choose(takes("0", "1")).sent == tuple(SCHEMA.names)
    assert choose(takes("0", "1"), features=("age", "id")).sent == ("age", "id")


def test_everything_is_sent_where_nothing_is_known() -> None:
    assert choose(ModelInputs(), keep=[]).sent == tuple(SCHEMA.names)


def test_missing_columns_are_named_with_the_nearest_ones() -> None:
    with pytest.raises(errors.Invalid) as error:
        choose(takes("Age", "income"))
    assert "'Age', 'income' are missing from people.csv" in error.value.detail
    assert "'Age' may be 'age'" in error.value.detail
    assert error.value.context["missing"] == ["Age", "income"]


def test_a_column_that_the_model_takes_is_not_offered_for_another() -> None:
    with pytest.raises(errors.Invalid) as error:
        choose(takes("id", "ide"))
    assert "may be" not in error.value.detail


def test_a_column_that_cannot_be_kept_is_named() -> None:
    with pytest.raises(errors.Invalid, match=r"column 'idd' is missing .*'idd' may be 'id'"):
        choose(takes("age"), keep=["idd"])


def test_kept_columns_give_way_to_predictions() -> None:
    kept = ["prediction", "input_prediction", "age"]
    assert without_clashes(kept, ["prediction", "proba_yes"]) == {
        "prediction": "input_input_prediction",
        "input_prediction": "input_prediction",
        "age": "age",
    }
