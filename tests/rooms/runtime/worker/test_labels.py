"""The model's own classes and the user's labels for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from modelyard.runtime.worker.labels import Classes, as_they_come, listed, plain, settle, typed
from modelyard.runtime.worker.problems import Problem


@pytest.mark.parametrize(
    ("own", "given"),
    [
        ([0, 1], ["0", "1"]),
        (["0", "1"], [0, 1]),
        ([0.0, 1.0], [0, 1]),
        ([False, True], ["false", "true"]),
        (["False", "True"], [False, True]),
        ([False, True], [0, 1]),
        (["no", "yes"], ["no", "yes"]),
        (["1", "1.0"], ["1", "1.0"]),
    ],
)
def test_the_same_labels_in_another_type_match_and_are_shown_as_given(own, given):
    classes = settle(own, given)
    assert classes == Classes(own, given)
    assert classes.column(classes.positions(own, [])).to_pylist() == given


@pytest.mark.parametrize(
    ("own", "given"),
    [
        (["no", "yes"], ["yes", "no"]),
        ([0, 1], ["1", "0"]),
        ([False, True], [True, False]),
        ([False, True], [1, 0]),
        (["a", "b", "c"], ["a", "c", "b"]),
    ],
)
def test_another_order_is_refused_naming_both(own, given):
    with pytest.raises(Problem) as caught:
        settle(own, given)
    assert caught.value.kind == "invalid"
    named = f"{listed(own)}, in this order; the version names them {listed(given)}:"
    assert f"as the model names them are {named}" in caught.value.detail
    assert caught.value.context == {"own": own, "given": given, "part": "classes"}


@pytest.mark.parametrize("given", [["a", "b"], ["a", "b", "d"], [0, 1, 2]])
def test_other_labels_or_another_number_of_them_are_refused(given):
    with pytest.raises(
        Problem, match="the classes as the model names them are a, b, c, "
    ) as caught:
        settle(["a", "b", "c"], given)
    assert caught.value.kind == "invalid"


@pytest.mark.parametrize("own", [[0, 1], [0.0, 1.0], [False, True], ["0", "1"]])
def test_names_for_numbered_classes_are_taken_by_position_and_noted(own):
    classes = settle(own, ["no", "yes"])
    assert classes.notes[0].startswith("the model numbers its classes; by position ")
    assert classes.column(classes.positions([own[1], own[0]], [])).to_pylist() == ["yes", "no"]


def test_one_side_is_enough():
    assert settle(None, None) is None
    assert settle([], None) is None
    assert settle(["a", "b"], None) == Classes(["a", "b"], ["a", "b"])
    assert settle(None, ["a", "b"]) == Classes(None, ["a", "b"])


def test_raw_labels_are_found_whatever_their_type():
    classes = settle([0, 1, 2], None)
    for raw in (
        np.array([2.0, 0.0], np.float32),
        ["2", "0"],
        pd.Series([2, 0]),
        np.array([2, 0], object),
    ):
        assert classes.positions(raw, []).tolist() == [2, 0]


def test_missing_labels_have_no_class():
    classes = settle(["a", "b"], None)
    for raw in (np.array(["b", None], object), np.array(["b", np.nan], object)):
        positions = classes.positions(raw, [])
        assert positions.tolist() == [1, -1]
        assert classes.column(positions).to_pylist() == ["b", None]


def test_numbers_are_positions_in_names_that_only_the_user_knows():
    notes = []
    classes = settle(None, ["low", "high"])
    assert classes.positions(np.array([1, 0]), notes).tolist() == [1, 0]
    assert notes == ["the model's numbers were taken as positions in low, high"]


@pytest.mark.parametrize(
    ("raw", "part"), [(["c"], "classes"), ([2], "classes"), ([0.5], "rule"), ([np.inf], "rule")]
)
def test_a_label_that_is_no_class_fails_naming_it_and_what_has_to_change(raw, part):
    with pytest.raises(Problem, match="none of its classes") as caught:
        settle(None, ["a", "b"]).positions(np.array(raw), [])
    assert (caught.value.kind, caught.value.context) == (
        "failed",
        {"label": raw[0], "part": part},
    )


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([0, 1], pa.int64()),
        ([0, 1.5], pa.float64()),
        ([True, False], pa.bool_()),
        (["a", "b"], pa.string()),
        ([0, "b"], pa.string()),
    ],
)
def test_predictions_have_the_type_of_the_labels(labels, kind):
    column = typed([*labels, None], np.array([1, 0, -1]))
    assert column.type == kind
    assert column.null_count == 1


def test_labels_of_unknown_classes_come_as_they_are():
    assert as_they_come(np.array(["b", "a", None], object)).to_pylist() == ["b", "a", None]
    assert as_they_come(np.array([True, False])).type == pa.bool_()
    assert as_they_come(np.array([2, 1], np.int32)).type == pa.int64()
    assert as_they_come(np.array([1.0, np.nan])).to_pylist() == [1.0, None]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(["a"]), "a"),
        (b"a", "a"),
        (float("nan"), None),
        (pd.NaT, None),
        ((1, 2), "(1, 2)"),
    ],
)
def test_a_label_is_a_json_value(value, expected):
    assert plain(value) == expected
