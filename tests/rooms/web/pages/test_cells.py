"""What is typed or pasted, as cells of the columns that a version takes."""

from __future__ import annotations

import pytest

from modelyard.web.pages.cells import read_cell, read_rows

KINDS = {"age": "double", "count": "long", "plan": "string", "paid": "boolean", "since": "datetime"}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1.5", "double", 1.5),
        ("-2", "long", -2),
        ("007", "string", "007"),
        ("Yes", "boolean", True),
        ("0", "boolean", False),
        (" 2026-05-01T12:00 ", "datetime", "2026-05-01T12:00"),
        ("3", "any", 3),
        ("blue", "any", "blue"),
        ("[1, 2]", "Array(long)", [1, 2]),
        (" ", "long", None),
        ("", "string", None),
    ],
)
def test_a_text_becomes_what_its_column_is(text, kind, value):
    found = read_cell(text, kind)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("1.5", "long", "whole number"),
        ("1_000", "long", "whole number"),
        ("9" * 23, "long", "beyond the whole numbers of 64 bits"),
        ("9" * 400, "long", "beyond the whole numbers of 64 bits"),
        ("-2147483649", "integer", "beyond the whole numbers of 32 bits"),
        ("many", "double", "not a number"),
        ("nan", "double", "not a number"),
        ("maybe", "boolean", "neither true nor false"),
        ("yesterday", "datetime", "no date and time"),
        ("[1", "Array(long)", "JSON"),
    ],
)
def test_a_text_that_is_no_such_value_is_refused(text, kind, problem):
    with pytest.raises(ValueError, match=problem):
        read_cell(text, kind)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_of_csv_become_what_the_signature_says(separator):
    text = "age,count,plan,paid,since,other\n1.5,2,007,true,2026-05-01,9\n,,,,,\n"
    first, second = read_rows(text.replace(",", separator), KINDS)
    assert first == {
        "age": 1.5,
        "count": 2,
        "plan": "007",
        "paid": True,
        "since": "2026-05-01",
        "other": 9,
    }
    assert set(second.values()) == {None}


def test_csv_is_quoted_as_usual():
    assert read_rows('plan,age\n"a, ""b""\nc",1\n', KINDS) == [{"plan": 'a, "b"\nc', "age": 1.0}]


@pytest.mark.parametrize(
    "text",
    [
        '{"age": 1}',
        '[{"age": 1}]',
        '{"rows": [{"age": 1}]}',
        '{"dataframe_records": [{"age": 1}]}',
        '{"inputs": [{"age": 1}]}',
    ],
)
def test_rows_of_json_may_stand_as_in_requests(text):
    assert read_rows(text, KINDS) == [{"age": 1}]


def test_a_column_may_be_named_as_requests_are():
    assert read_rows('{"inputs": 3}', {"inputs": "long"}) == [{"inputs": 3}]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Paste rows"),
        ("[1, 2]", "JSON object"),
        ("[]", "JSON object"),
        ("{", "not JSON"),
        ('{"age": NaN}', "not JSON"),
        ("age,count\n1", "Row 1 has 1 cells for 2 names"),
        ("age", "no row below"),
        ("age\nmany", "Row 1: age is not a number; it is 'many'"),
        ('plan\n"a', "not CSV"),
        ("age\n" + "1\n" * 1001, "1,001 rows"),
    ],
)
def test_what_cannot_be_read_is_said_as_a_sentence(text, problem):
    with pytest.raises(ValueError, match=problem):
        read_rows(text, KINDS)
