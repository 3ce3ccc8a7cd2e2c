"""Output of every shape: how it is proposed to be read, and what comes of reading it so."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from modelyard.runtime.worker.flavors.flavor import interpretation
from modelyard.runtime.worker.interpret import propose
from modelyard.runtime.worker.labels import settle
from modelyard.runtime.worker.outputs import read_output
from modelyard.runtime.worker.predictions import Wish, columns_of, restructure
from modelyard.runtime.worker.problems import Problem

BINARY, MULTICLASS, REGRESSION = "binary_classification", "multiclass", "regression"
POSITIVE = [0.2, 0.5, 0.7]
PAIRS = [[0.8, 0.2], [0.5, 0.5], [0.3, 0.7]]
TRIPLES = [[0.2, 0.5, 0.3], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8]]
NO_YES = pd.DataFrame(PAIRS, columns=["no", "yes"])


def _propose(raw, kind, **known):
    output = read_output(raw, 3)
    return output, propose(output, kind, **known)


def _read(raw, kind, *, rule=None, given=None, own=None, **wish):
    output = read_output(raw, 3)
    rule = rule or propose(output, kind, own=own, given=given)
    found = restructure(output, rule, Wish(kind, given, **wish))
    return found.table.to_pydict(), found.notes, rule


@pytest.mark.parametrize(
    "raw",
    [
        np.array([1, 2, 3], np.float32),
        np.array([[1.0], [2.0], [3.0]]),
        [1, 2, 3],
        [[1], [2], [3]],
        pd.Series([1, 2, 3], index=[9, 8, 7]),
        pd.DataFrame({"anything": [1, 2, 3]}),
        pd.DataFrame({"ds": ["a", "b", "c"], "yhat": [1, 2, 3], "yhat_lower": [0, 0, 0]}),
        pd.DataFrame({"note": ["a", "b", "c"], "sales": [1, 2, 3]}),
        {"variable": np.array([[1], [2], [3]])},
        np.array([1, 2, 3], object),
    ],
)
def test_numbers_of_any_shape_are_a_regression(raw):
    table, notes, rule = _read(raw, REGRESSION)
    assert rule["rule"] == "number"
    assert table == {"prediction": [1.0, 2.0, 3.0]}
    assert notes == []


def test_a_missing_number_is_null():
    assert _read([1.5, None, float("nan")], REGRESSION)[0] == {"prediction": [1.5, None, None]}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (np.zeros((3, 2)), "numbers per row; which is the prediction"),
        (["a", "b", "c"], "holds no numbers"),
        (pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]}), r"none of the columns \['a', 'b'\]"),
    ],
)
def test_an_unclear_regression_is_left_to_the_user(raw, why):
    output, rule = _propose(raw, REGRESSION)
    assert rule["rule"] == "values"
    with pytest.raises(Problem, match=why) as caught:
        restructure(output, rule, Wish(REGRESSION))
    assert caught.value.kind == "unsupported"


def test_a_user_names_the_column_of_the_number():
    rule = interpretation("number", "said so", label="output_1", overridden=True)
    assert _read(np.array([[1, 4], [2, 5], [3, 6]]), REGRESSION, rule=rule)[0] == {
        "prediction": [4.0, 5.0, 6.0]
    }


@pytest.mark.parametrize(
    "raw",
    [
        np.array(POSITIVE),
        np.array(POSITIVE, np.float32)[:, None],
        pd.Series(POSITIVE, name="score"),
        POSITIVE,
        pd.DataFrame({"score": POSITIVE}),
    ],
)
def test_one_number_from_0_to_1_is_the_probability_of_the_second_class(raw):
    table, _, rule = _read(raw, BINARY, given=["no", "yes"])
    assert rule["rule"] == "positive_probability"
    assert table["prediction"] == ["no", "yes", "yes"]
    np.testing.assert_allclose(table["proba_yes"], POSITIVE, atol=1e-7)
    np.testing.assert_allclose(table["proba_no"], [0.8, 0.5, 0.3], atol=1e-7)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (np.array(PAIRS, np.float32), "probabilities"),
        (PAIRS, "probabilities"),
        (NO_YES, "probabilities"),
        (NO_YES.add_prefix("proba_")[["proba_yes", "proba_no"]], "probabilities"),
        (NO_YES.assign(prediction=["no", "yes", "yes"]), "label_and_probabilities"),
        (
            {"label": ["no", "yes", "yes"], "probabilities": np.array(PAIRS)},
            "label_and_probabilities",
        ),
        ([{"no": no, "yes": yes} for no, yes in PAIRS], "class_maps"),
        (pd.DataFrame({"cats": [{"yes": yes, "no": no} for no, yes in PAIRS]}), "class_maps"),
        (
            {
                "output_label": ["no", "yes", "yes"],
                "p": [{"no": no, "yes": yes} for no, yes in PAIRS],
            },
            "class_maps",
        ),
    ],
)
def test_probabilities_of_any_shape_are_put_in_the_users_order(raw, rule):
    given = ["no", "yes"]
    if rule == "class_maps" and isinstance(raw, pd.DataFrame):
        given = ["yes", "no"]  # the order of the model's own maps
    table, _, found = _read(raw, BINARY, given=given)
    assert found["rule"] == rule
    np.testing.assert_allclose(table["proba_yes"], POSITIVE, atol=1e-7)
    np.testing.assert_allclose(table["proba_no"], [0.8, 0.5, 0.3], atol=1e-7)
    assert list(table) == ["prediction", *(f"proba_{label}" for label in given)]
    assert table["prediction"][::2] == ["no", "yes"]


def test_the_likeliest_of_several_classes_is_the_prediction():
    table, _, rule = _read(np.array(TRIPLES), MULTICLASS)
    assert rule["classes"] == [0, 1, 2]
    assert table["prediction"] == [1, 0, 2]
    named = _read(np.array(TRIPLES), MULTICLASS, given=["a", "b", "c"])
    assert named[0]["prediction"] == ["b", "a", "c"]
    assert named[1] == ["the model numbers its classes; by position 0 is 'a', 1 is 'b', 2 is 'c'"]
    numbered = pd.DataFrame(TRIPLES, columns=[0, 1, 2])
    assert _read(numbered, MULTICLASS, given=["a", "b", "c"])[0] == named[0]


@pytest.mark.parametrize(
    ("raw", "shown", "kind"),
    [
        (["a", "b", "a"], ["a", "b", "a"], str),
        (np.array([0, 1, 0]), [0, 1, 0], int),
        (np.array([0.0, 1.0, 0.0], np.float32), [0.0, 1.0, 0.0], float),
        ([True, False, True], [True, False, True], bool),
        (pd.Series(["a", None, "b"], index=[5, 5, 5]), ["a", None, "b"], str),
        (pd.DataFrame({"predictions": [1, 2, 3], "time": [0.1, 0.2, 0.3]}), [1, 2, 3], int),
        (pd.DataFrame({"text": ["a", "b", "c"], "score": [0.9, 5, 7]}), ["a", "b", "c"], str),
        (np.array([["a"], ["b"], ["c"]], object), ["a", "b", "c"], str),
    ],
)
def test_labels_without_classes_are_shown_as_they_come(raw, shown, kind):
    table, notes, rule = _read(raw, MULTICLASS)
    assert rule["rule"] == "labels"
    assert table == {"prediction": shown}
    assert all(isinstance(value, kind) for value in table["prediction"] if value is not None)
    assert notes == ["the model gives labels without probabilities"]


def test_boolean_labels_take_the_users_names():
    table, notes, _ = _read([True, False, True], BINARY, given=["no", "yes"], own=[False, True])
    assert table == {"prediction": ["yes", "no", "yes"]}
    assert "False is 'no', True is 'yes'" in notes[1]


def test_float_labels_take_the_type_of_the_classes():
    table, _, _ = _read(np.array([2.0, 0.0, 1.0], np.float32), MULTICLASS, own=[0, 1, 2])
    assert table == {"prediction": [2, 0, 1]}
    assert isinstance(table["prediction"][0], int)


@pytest.mark.parametrize(
    ("raw", "kind", "why"),
    [
        (np.array([-3.2, 0.4, 5.1]), BINARY, "rule positive_probability with activation sigmoid"),
        (np.array([[-1.0, 4, 2]] * 3), MULTICLASS, "rule probabilities with activation softmax"),
        (np.array([0.3, 0.4, 0.5]), MULTICLASS, "does not tell several classes apart"),
        (np.array([["a", "b"]] * 3), MULTICLASS, "2 values a row that are no numbers"),
        (np.zeros((3, 2, 2)), MULTICLASS, "2 × 2 values a row"),
        ([[1], [1, 2], []], MULTICLASS, "lists of different lengths"),
        (pd.DataFrame({"a": [1.5, 2, 3], "b": [1, 2, 3]}), BINARY, "is clearly the label"),
    ],
)
def test_what_cannot_be_told_from_outside_is_said(raw, kind, why):
    _, rule = _propose(raw, kind)
    assert rule["rule"] == "values"
    with pytest.raises(Problem, match=why):
        _read(raw, kind)


def test_type_other_is_never_interpreted():
    assert _propose(np.array(POSITIVE), "other")[1]["rule"] == "values"


@pytest.mark.parametrize(
    ("raw", "activation", "expected"),
    [
        (np.array([-2.0, 0.0, 2.0]), "sigmoid", 1 / (1 + np.exp([2.0, 0.0, -2.0]))),
        (
            np.array([[0.0, -2.0], [0.0, 0.0], [1000.0, 1002.0]]),
            "softmax",
            1 / (1 + np.exp([2.0, 0.0, -2.0])),
        ),
    ],
)
def test_raw_scores_become_probabilities_where_a_user_says_so(raw, activation, expected):
    name = "positive_probability" if raw.ndim == 1 else "probabilities"
    rule = interpretation(name, "said so", activation=activation, overridden=True)
    table, _, _ = _read(raw, BINARY, rule=rule, given=["no", "yes"])
    np.testing.assert_allclose(table["proba_yes"], expected)
    assert table["prediction"] == ["no", "yes", "yes"]


def test_a_user_names_the_columns_in_class_order():
    raw = NO_YES.assign(best=["?", "?", "?"])
    rule = interpretation("probabilities", "said so", probabilities=["yes", "no"], overridden=True)
    table, _, _ = _read(raw, BINARY, rule=rule, given=["ja", "nein"])
    assert table["proba_ja"] == POSITIVE


class TestThreshold:
    @pytest.mark.parametrize(
        ("threshold", "labels"),
        [
            (None, [0, 1, 1]),
            (0.5, [0, 1, 1]),
            (0.51, [0, 0, 1]),
            (0.0, [1, 1, 1]),
            (1.0, [0, 0, 0]),
        ],
    )
    def test_the_second_class_from_the_threshold_up(self, threshold, labels):
        table, _, _ = _read(np.array(PAIRS), BINARY, threshold=threshold)
        assert table["prediction"] == labels

    def test_it_goes_before_the_models_own_labels(self):
        raw = NO_YES.assign(prediction=["no", "no", "yes"])
        assert _read(raw, BINARY)[0]["prediction"] == ["no", "no", "yes"]
        assert _read(raw, BINARY, threshold=0.5)[0]["prediction"] == ["no", "yes", "yes"]

    def test_it_has_no_meaning_for_several_classes(self):
        assert _read(np.array(TRIPLES), MULTICLASS, threshold=0.9)[0]["prediction"] == [1, 0, 2]


def test_classes_that_nobody_names_are_read_off_the_labels_beside_a_matrix():
    raw = {"label": ["b", "a", "c"], "p": np.array(TRIPLES)}
    table, _, rule = _read(raw, MULTICLASS)
    assert rule["classes"] == ["a", "b", "c"]
    assert table["proba_c"] == [0.3, 0.2, 0.8]
    unclear = {"label": ["b", "b", "b"], "p": np.array(TRIPLES)}
    with pytest.raises(Problem, match="none of its classes"):
        _read(unclear, MULTICLASS)


def test_a_row_without_probabilities_has_no_prediction():
    raw = np.array([[0.8, 0.2], [np.nan, np.nan], [0.3, 0.7]])
    table, _, _ = _read(raw, BINARY)
    assert table == {
        "prediction": [0, None, 1],
        "proba_0": [0.8, None, 0.3],
        "proba_1": [0.2, None, 0.7],
    }


def test_a_map_may_leave_out_classes_and_a_row_may_have_none():
    raw = [{"a": 0.9, "b": 0.1}, None, {"b": 1.0}]
    table, _, _ = _read(raw, BINARY)
    assert table == {
        "prediction": ["a", None, "b"],
        "proba_a": [0.9, None, 0.0],
        "proba_b": [0.1, None, 1.0],
    }


def test_probabilities_can_be_left_out():
    assert list(_read(np.array(PAIRS), BINARY, probabilities=False)[0]) == ["prediction"]


def test_proba_columns_of_booleans_are_named_as_json_writes_them():
    assert list(_read(np.array(PAIRS), BINARY, given=[False, True])[0])[1:] == [
        "proba_false",
        "proba_true",
    ]


class TestContradictions:
    def test_an_order_that_the_models_own_labels_deny_is_refused(self):
        raw = {"label": ["no", "yes", "yes"], "p": np.array([[0.8, 0.2], [0.1, 0.9], [0.3, 0.7]])}
        rule = interpretation("label_and_probabilities", "", label="label", probabilities=["p"])
        assert _read(raw, BINARY, rule=rule, given=["no", "yes"])[0]["proba_yes"] == [0.2, 0.9, 0.7]
        with pytest.raises(Problem, match=r"by the model's own labels it is no, yes$") as caught:
            _read(raw, BINARY, rule=rule, given=["yes", "no"])
        assert caught.value.kind == "invalid"

    def test_an_order_that_column_names_deny_is_refused(self):
        rule = _propose(NO_YES, BINARY, given=["no", "yes"])[1]
        with pytest.raises(Problem, match="in this order"):
            _read(NO_YES, BINARY, rule=rule, given=["yes", "no"])

    def test_binary_needs_two_classes(self):
        with pytest.raises(Problem, match="has two classes, the model has 3"):
            _read(np.array(TRIPLES), BINARY)

    def test_more_probabilities_than_classes(self):
        rule = interpretation("probabilities", "", classes=["a", "b"])
        with pytest.raises(Problem, match="returned 3 probabilities per row for 2 classes"):
            _read(np.array(TRIPLES), MULTICLASS, rule=rule)

    @pytest.mark.parametrize("odd", [-0.5, 3.25])
    def test_what_is_no_probability(self, odd):
        rule = interpretation("positive_probability", "", classes=[0, 1])
        with pytest.raises(Problem, match=f"returned {odd} where a probability was due"):
            _read(np.array([odd, 0.5, 0.5]), BINARY, rule=rule)

    @pytest.mark.parametrize(
        ("rule", "kind"),
        [("number", BINARY), ("labels", REGRESSION), ("probabilities", REGRESSION)],
    )
    def test_a_rule_of_another_prediction_type(self, rule, kind):
        with pytest.raises(Problem, match=f"rule {rule} gives no predictions of type {kind}"):
            _read(np.array(PAIRS), kind, rule=interpretation(rule, ""))

    @pytest.mark.parametrize(
        ("rule", "facts", "raw", "why"),
        [
            ("labels", {"label": "best"}, NO_YES, "no column 'best'.*it returned: no, yes"),
            ("labels", {}, np.array(PAIRS), "2 values a row, where one label was expected"),
            (
                "labels",
                {"classes": ["a", "b"]},
                ["a", "c", "a"],
                "returned c, which is none of its classes: a, b;",
            ),
            ("probabilities", {"probabilities": ["no", "maybe"]}, NO_YES, "no column 'maybe'"),
            ("positive_probability", {}, ["a", "b", "c"], "a probability is no number"),
            ("positive_probability", {}, np.zeros((3, 2, 2)), "2 × 2 values a row, where a prob"),
            ("class_maps", {}, [1, 2, 3], "no maps from class to probability"),
            (
                "class_maps",
                {"classes": ["a", "b"]},
                [{"a": 1, "z": 0}] * 3,
                "maps z to a number; its classes are a, b$",
            ),
        ],
    )
    def test_output_that_is_not_as_the_rule_says(self, rule, facts, raw, why):
        with pytest.raises(Problem, match=why) as caught:
            _read(raw, MULTICLASS, rule=interpretation(rule, "", **facts))
        assert caught.value.kind == "failed"

    def test_numbers_that_are_none(self):
        for raw in (["a", "b", "c"], np.zeros((3, 2))):
            with pytest.raises(Problem, match="the prediction") as caught:
                _read(raw, REGRESSION, rule=interpretation("number", ""))
            assert caught.value.kind == "failed"


class TestExpectations:
    """What a flavor expects goes before the shape, if the output agrees."""

    def test_an_expected_shape_is_taken(self):
        expected = interpretation("positive_probability", "objective binary", classes=[0, 1])
        assert _propose(np.array([0.0, 1.0, 1.0]), BINARY, expected=expected)[1] == expected

    @pytest.mark.parametrize(
        ("expected", "raw", "said"),
        [
            (
                interpretation("positive_probability", "as said"),
                PAIRS,
                "predict gave 2 values a row",
            ),
            (interpretation("positive_probability", "as said"), ["a", "b", "c"], "no numbers"),
            (interpretation("probabilities", "as said", classes=[0, 1]), TRIPLES, "3 values a row"),
            (interpretation("labels", "as said"), NO_YES, r"predict gave 2 columns \(no, yes\)"),
            (
                interpretation("class_maps", "as said", label="a", probabilities=["b"]),
                ["a", "b", "c"],
                "predict gave no a, b",
            ),
        ],
    )
    def test_another_shape_is_read_by_itself_and_both_are_told(self, expected, raw, said):
        raw = np.array(raw) if isinstance(raw[0] if isinstance(raw, list) else 0, list) else raw
        reason = _propose(raw, MULTICLASS, expected=expected)[1]["reason"]
        assert re.search("^as said, but .*" + said + ".*; by its shape: ", reason)


def test_an_empty_answer_has_the_columns_of_a_full_one():
    for raw, kind, given in (
        (np.array(PAIRS), BINARY, ["no", "yes"]),
        (["a", "b", "c"], MULTICLASS, ["a", "b", "c"]),
        ([1, 2, 3], REGRESSION, None),
    ):
        output, rule = _propose(raw, kind, given=given)
        wish = Wish(kind, given)
        full = restructure(output, rule, wish).table
        empty = columns_of(settle(rule["classes"], given), rule, wish)
        assert empty.schema == full.schema
        assert empty.num_rows == 0
    assert columns_of(None, interpretation("labels", ""), Wish(MULTICLASS)) is None
    assert isinstance(full, pa.Table)
