"""JSON lines: every name of every line, types that hold every value, broken lines named."""

# ruff: noqa: DTZ001  moments without a zone are meant

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from modelyard import errors


def lines(*rows) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, -2, None], "int64", [1, -2, None]),
        ([1, 2.5], "double", [1.0, 2.5]),
        ([1e300, 0.1], "double", [1e300, 0.1]),
        ([True, False], "bool", [True, False]),
        (["1", "2"], "string", ["1", "2"]),
        (["true", "false"], "string", ["true", "false"]),
        ([1, "x", True], "string", ["1", "x", "true"]),
        ([12345678901234567890], "string", ["12345678901234567890"]),
        (["2024-02-29"], "date32[day]", [date(2024, 2, 29)]),
        (["29/02/2024"], "string", ["29/02/2024"]),
        (["2024-02-29T01:02:03"], "timestamp[us]", [datetime(2024, 2, 29, 1, 2, 3)]),
        (
            ["2024-02-29T01:02:03Z"],
            "timestamp[us, tz=UTC]",
            [datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)],
        ),
        (["NA", "null"], "string", ["NA", "null"]),
        ([None], "string", [None]),
        (['é"\n\\', "数"], "string", ['é"\n\\', "数"]),
        ([[1, 2], []], "list<l: int64>", [[1, 2], []]),
        (
            [{"a": 1, "b": "x"}, {"a": 2}],
            "struct<a: int64, b: string>",
            [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
        ),
        ([[1], "x"], "string", ["[1]", "x"]),
    ],
)
def test_types(table, put, values, kind, expected):
    found = table(put("a.jsonl", lines(*({"x": value, "n": 1} for value in values))))
    assert str(found.schema.field("x").type).replace("element", "l").replace("item", "l") == kind
    assert found["x"].to_pylist() == expected
    assert found.column_names == ["x", "n"]


def test_a_name_that_comes_late_is_a_column(opened, put):
    source = opened(put("a.jsonl", lines(*({"a": n} for n in range(30_000)), {"z": 1.5, "a": 1})))
    assert source.schema.names == ["a", "z"]
    assert source.count() == 30_001
    last = list(source.batches(rows=10_000))[-1]
    assert last.to_pylist() == [{"a": 1, "z": 1.5}]


def test_a_column_that_turns_to_text_late_is_text(table, put):
    found = table(put("a.jsonl", lines(*({"a": n} for n in range(60_000)), {"a": "unknown"})))
    assert found["a"].to_pylist()[-2:] == ["59999", "unknown"]


def test_odd_names(table, put):
    names = ["a b", 'x"y', "it's", "größe 大", "a.b", "_", "1"]
    row = {name: n for n, name in enumerate(names)}
    assert table(put("a.jsonl", lines(row))).to_pylist() == [row]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.ndjson.gz", "a.json.gz"])
def test_gzip(table, put, name):
    assert table(put(name, gzip.compress(b'{"a":1}\n{"a":2}'))).to_pylist() == [{"a": 1}, {"a": 2}]


def test_empty_lines_and_a_missing_last_line_end(table, put):
    assert table(put("a.jsonl", '\n{"a":1}\n\n{"a":2}')).num_rows == 2


def test_numbers_that_json_does_not_know(table, put):
    found = table(put("a.jsonl", '{"a":NaN}\n{"a":1.5}\n{"a":Infinity}\n'))["a"].to_pylist()
    assert str(found) == "[nan, 1.5, inf]"


def test_columns_in_the_order_asked(table, put):
    path = put("a.jsonl", lines({"a": 1, "b": "x", "c": None}))
    assert table(path, columns=["c", "a"]).to_pylist() == [{"c": None, "a": 1}]


def test_column_types_can_be_chosen(table, put):
    path = put("a.jsonl", lines({"a": "1", "b": 2, "c": "2024-01-01"}))
    found = table(path, column_types={"a": "long", "b": "float", "c": "datetime"})
    assert found.schema.types == [pa.int64(), pa.float32(), pa.timestamp("us")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a":1}\n{"a":2\n{"a":3}\n', ["line 2", "one JSON object"]),
        ('{"a":1}\n[1,2]\n', ["line 2", "list"]),
        ('{"a":1}\n3\n', ["line 2", "bare value"]),
        ('{"a":1}\n{"a":1,"a":2}\n', ["line 2", "'a' occurs twice"]),
        ('[{"a":1},\n{"a":2}]\n', ["line 1"]),
        ('{\n "a": 1\n}\n', ["line 1"]),
        (b'{"a":"x"}\n{"a":"\xff"}\n', ["line 2", "UTF-8", "0xff"]),
        ("", ["empty"]),
        ('{"a":1,"A":2}\n', ["'a' and 'A'", "capitals"]),
        ('{"a":1}\n{"a":"' + "x" * 40_000_000 + '"}\n', ["line 2", "8,000,000"]),
    ],
)
def test_broken_files_are_named_with_line(opened, put, text, said):
    path = put("bad.jsonl", text)
    with pytest.raises(errors.Invalid) as caught:
        opened(path)
    for part in [path, *said]:
        assert part in caught.value.detail


def test_a_value_that_does_not_fit_the_chosen_type_is_named(opened, put):
    source = opened(put("a.jsonl", lines({"a": 1}, {"a": "x"})), column_types={"a": "long"})
    with pytest.raises(
        errors.Invalid, match=r"a\.jsonl, row 2, column 'a': 'x' is not of type long"
    ):
        list(source.batches(rows=10))


def test_files_of_a_folder_may_lack_names_of_others(table, put, tmp_path):
    put("in/2.jsonl", lines({"b": "x", "a": 2.5}))
    put("in/1.jsonl", lines({"a": 1}))
    assert table(str(tmp_path / "in")).to_pylist() == [{"a": 1.0, "b": None}, {"a": 2.5, "b": "x"}]


def test_csv_options_are_refused(opened, put):
    with pytest.raises(errors.Invalid, match="--encoding is for CSV"):
        opened(put("a.jsonl", '{"a":1}'), encoding="latin-1")
