"""Assertions: what has to be predicted for some rows, and what comes of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelyard import errors
from modelyard.data.filtering import read_filter
from modelyard.evaluations.asserting import Answers, assert_all, passing
from modelyard.evaluations.assertion_types import Assertion

YOUNG = {"name": "young", "where": "age < 3", "ratio": 0.75}


def told(tmp_path, answers: Answers, *assertions: dict):
    """What comes of assertions about the rows 0 to 9, whose age is their place."""
    table = pa.table({"input_age": range(10), "plan": list("ababababab")})
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=4)
    schema = pa.schema([("age", pa.int64()), ("plan", pa.string())])
    given = [Assertion.model_validate(each) for each in assertions]
    filters = [read_filter(each.where, schema, "rows") for each in given]
    names = {"age": "input_age", "plan": "plan"}
    pairs = zip(given, filters, strict=True)
    return list(assert_all(pairs, tmp_path / "rows.parquet", names, answers))


def test_classes_that_have_to_be_predicted(tmp_path):
    values = np.array([0, 1, 2, 0, 1, 2, -1, -1, 0, 0])
    answers = Answers(("no", "yes", "perhaps"), values, values >= 0)
    two, one, some, none, odd, gone = told(
        tmp_path,
        answers,
        {**YOUNG, "expect": ["no", "perhaps"], "ratio": 2 / 3},
        {**YOUNG, "expect": ["no"], "ratio": 0.34},
        {**YOUNG, "where": "age > 4 AND plan = 'b'", "expect": ["perhaps"], "ratio": 0.1},
        {**YOUNG, "where": "age > 90", "expect": ["no"]},
        {**YOUNG, "where": "plan = 1", "expect": ["no"]},
        {**YOUNG, "where": "age IN (6, 7)", "expect": ["no"]},
    )
    assert (two.passed, two.matching, two.dropped, two.valid_ratio) == (True, 3, 0, 2 / 3)
    assert (one.passed, one.valid_ratio) == (False, 1 / 3)
    assert (some.passed, some.matching, some.dropped, some.valid_ratio) == (True, 3, 1, 0.5)
    assert (none.passed, none.matching, none.valid_ratio) == (None, 0, None)
    assert "no row matches" in none.reason
    assert odd.passed is None
    assert "'a' to INT32" in odd.reason
    assert (gone.passed, gone.matching, gone.dropped) == (None, 2, 2)
    ratio = passing([two, one, some, none, odd, gone])
    assert (ratio.code, ratio.value) == ("passingAssertionsRatio", 2 / 3)
    assert passing([none]).value is None
    assert "no assertion" in passing([none]).reason


def test_numbers_that_have_to_be_predicted(tmp_path):
    values = np.array([1.0, 2.0, 3.0, np.nan, 5.0, np.inf, 7.0, 8.0, 9.0, 10.0])
    answers = Answers((), values, np.isfinite(values))
    asked = {"name": "old", "where": "age >= 2", "ratio": 0.5}
    found = told(
        tmp_path,
        answers,
        {**asked, "low": 5, "high": 8},
        {**asked, "low": 5.5},
        {**asked, "high": 3},
    )
    assert [(each.matching, each.dropped) for each in found] == [(8, 2)] * 3
    assert [each.valid_ratio for each in found] == [0.5, 4 / 6, 1 / 6]
    assert [each.passed for each in found] == [True, True, False]
    assert [each.expected for each in found] == ["5 to 8", "at least 5.5", "at most 3"]


def test_an_evaluation_keeps_what_came_of_its_assertions(yard, evaluate, rows):
    asserted = (
        {"name": "cheap", "where": "fare < 20", "expect": ["no"], "ratio": 1},
        {"name": "late", "where": "kind = 'late' AND truth = 'yes'", "expect": ["yes"], "ratio": 1},
        {"name": "old", "where": "age > 200", "expect": ["yes"], "ratio": 0.1},
    )
    found = evaluate(rows, threshold=0.3, assertions=asserted)
    cheap, late, old = found.assertions
    assert (cheap.passed, cheap.matching, cheap.valid_ratio) == (True, (rows.fare < 20).sum(), 1.0)
    inside = rows[(rows.kind == "late") & (rows.truth == "yes")]
    assert late.valid_ratio == pytest.approx((inside.fare >= 30).mean()), "at the threshold"
    assert (late.passed, late.matching) == (False, len(inside))
    assert (old.passed, old.valid_ratio) == (None, None)
    assert found.metrics["passingAssertionsRatio"].value == 0.5
    failed, unknown = (each for each in found.diagnostics if each.code == "E501")
    assert (failed.outcome, unknown.outcome) == ("error", "warning")
    assert "“late”:" in failed.evidence
    assert "“old”: no row" in unknown.evidence
    shown = yard.evaluations.rows(id=found.id, where=late.where, first=1000)
    assert shown.used == len(inside)
    assert {each.row for each in shown.rows} == set(inside.index)
    with pytest.raises(errors.Invalid, match="no column 'kinds'"):
        yard.evaluations.rows(id=found.id, where="kinds = 'late'")


@pytest.mark.parametrize(
    ("asked", "change", "said"),
    [
        ({}, {"where": "age <"}, "'young': the filter 'age <' is not understood"),
        ({}, {"where": "aged < 3"}, "'young': .* no column 'aged'; did you mean 'age'"),
        ({}, {"where": "age < (SELECT 3)"}, "'young': .*subquery"),
        ({}, {"where": "prediction = 'no'"}, "'young': .*no column 'prediction'"),
        ({}, {"expect": ["maybe"]}, "'maybe' is no class of late; they are: 'no', 'yes'"),
        ({}, {"expect": [], "low": 1}, "predicts classes; expect some of: no, yes"),
        ({}, {"low": 1}, "either the classes to expect, or low or high"),
        ({}, {"expect": []}, "either the classes to expect, or low or high"),
        ({}, {"expect": [], "low": 2, "high": 1}, "low lies above high"),
        ({}, {"ratio": 0}, "ratio"),
        ({}, {"where": ""}, "where"),
        ({"model": "minutes", "target": "delay"}, {}, "predicts numbers; give low or high"),
        ({"model": "anything"}, {}, "may answer anything"),
    ],
)
def test_assertions_that_cannot_be(yard, rows, written, asked, change, said):
    given = ({**YOUNG, "expect": ["no"], **change},)
    command = {"model": "late", "dataset": written(rows), **asked, "assertions": given}
    with pytest.raises(errors.Invalid, match=said):
        yard.evaluations.run(**command)


def test_names_of_assertions_differ(yard, rows, written):
    given = ({**YOUNG, "expect": ["no"]}, {**YOUNG, "expect": ["yes"]})
    with pytest.raises(errors.Invalid, match="two assertions are called 'young'"):
        yard.evaluations.run(model="late", dataset=written(rows), assertions=given)
