"""CSV files: what they hold comes out as it went in; what is broken is named by line."""

# ruff: noqa: DTZ001  moments without a zone are meant

from __future__ import annotations

import gzip
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from modelyard import errors


def types(table: pa.Table) -> list[str]:
    return [str(kind) for kind in table.schema.types]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-20", "0"], "int64", [1, -20, 0]),
        (["9223372036854775807", "1"], "int64", [2**63 - 1, 1]),
        ([" 1", "2 "], "int64", [1, 2]),
        (["1", "2.5"], "double", [1.0, 2.5]),
        (["1e3", ".5", "5.", "-inf"], "double", [1000.0, 0.5, 5.0, float("-inf")]),
        (["true", "False", "TRUE"], "bool", [True, False, True]),
        (["2024-02-29", "0001-01-01"], "date32[day]", [date(2024, 2, 29), date(1, 1, 1)]),
        (
            ["2024-02-29", "2024-02-29T01:02", "2024-02-29 01:02:03.000004"],
            "timestamp[us]",
            [
                datetime(2024, 2, 29),
                datetime(2024, 2, 29, 1, 2),
                datetime(2024, 2, 29, 1, 2, 3, 4),
            ],
        ),
        (
            ["2024-02-29T01:02:03Z", "2024-02-29 01:02:03+01:00"],
            "timestamp[us, tz=UTC]",
            [
                datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC),
                datetime(2024, 2, 29, 0, 2, 3, tzinfo=UTC),
            ],
        ),
    ],
)
def test_values_of_one_kind_get_their_type(table, put, cells, kind, values):
    found = table(put("a.csv", "x,y\n" + "".join(f"{cell},z\n" for cell in cells)))
    assert types(found) == [kind, "string"]
    assert found["x"].to_pylist() == values


@pytest.mark.parametrize(
    "cells",
    [
        ["yes", "no"],
        ["T", "F"],
        ["true", "1"],
        ["01/02/2024"],
        ["2024-02-30"],
        ["2024-01-01", "soon"],
        ["2024-01-01 00:00:00.123456789"],
        ["2024-01-01 10:00", "2024-01-01 10:00Z"],
        ["12:30"],
        ["007", "123"],
        ["+49"],
        ["1_000"],
        ["1,000"],
        ["18446744073709551615"],
        ["1", "abc"],
        ["0x1f"],
    ],
)
def test_what_a_type_would_change_stays_text(table, put, cells):
    found = table(put("a.csv", "x,y\n" + "".join(f'"{cell}",1\n' for cell in cells)))
    assert types(found) == ["string", "int64"]
    assert found["x"].to_pylist() == cells


def test_numbers_come_out_as_pandas_reads_them(table, put):
    text = "a,b,c\n" + "".join(
        f"{n / 7},{n * 1e300 / 3},{'' if n % 3 else -n}\n" for n in range(1, 500)
    )
    expected = pd.read_csv(io.StringIO(text))
    pd.testing.assert_frame_equal(
        table(put("a.csv", text)).to_pandas(), expected, check_exact=True, check_dtype=False
    )


def test_missing_values_are_those_that_pandas_knows(table, put):
    words = ["", "NA", "NaN", "nan", "null", "NULL", "None", "N/A", "n/a", "#N/A", "<NA>", "-nan"]
    text = "x,y,z\n" + "".join(f"{word},{word},1\n" for word in words) + "1,word,1\n"
    found = table(put("a.csv", text))
    assert found.to_pylist()[-1] == {"x": 1, "y": "word", "z": 1}
    assert found["x"].null_count == found["y"].null_count == len(words)
    assert pd.read_csv(io.StringIO(text))["y"].isna().sum() == len(words)


def test_missing_values_can_be_named(table, put):
    found = table(put("a.csv", "x,y\n-999,NA\n1,-999\n,\n"), missing=("-999",))
    assert found.to_pydict() == {"x": [None, 1, None], "y": ["NA", None, None]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(table, put, delimiter):
    text = delimiter.join(["a", "b, c", "d"]) if delimiter != "," else "a,b,d"
    found = table(put("a.csv", f"{text}\n1{delimiter}2{delimiter}3\n"))
    assert found.num_columns == 3
    assert found.num_rows == 1


def test_delimiter_and_quote_can_be_given(table, put):
    found = table(put("a.txt", "a~b\n'x~y'~'it''s'\n"), format="csv", delimiter="~", quote="'")
    assert found.to_pylist() == [{"a": "x~y", "b": "it's"}]


def test_a_tab_can_be_written_as_an_escape(table, put):
    assert table(put("a.csv", "a,b\tc\n1\t2\n"), delimiter="\\t").column_names == ["a,b", "c"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_quotes_and_the_last_line(table, put, end):
    text = end.join(["a,b", '1,"x, ""y"""', f'2,"two{end}lines"', "3,z"])
    assert table(put("a.csv", text)).to_pydict() == {
        "a": [1, 2, 3],
        "b": ['x, "y"', f"two{end}lines", "z"],
    }


def test_empty_lines_are_passed_over(table, put):
    assert table(put("a.csv", "a,b\n1,2\n\n3,4\n\n\n")).num_rows == 2


def test_gzip(table, put):
    path = put("a.csv.gz", gzip.compress(b"a,b\n1,x\n"))
    assert table(path).to_pylist() == [{"a": 1, "b": "x"}]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-8-sig", "shift_jis"])
def test_encodings(table, put, encoding):
    word = "漢字" if encoding == "shift_jis" else "Zoë"
    content = f"name,n\n{word},1\n".encode(encoding)
    expected = [{"name": word, "n": 1}]
    assert table(put("a.csv", content), encoding=encoding).to_pylist() == expected
    assert table(put("a.csv.gz", gzip.compress(content)), encoding=encoding).to_pylist() == expected


def test_a_byte_order_mark_is_no_part_of_the_first_name(table, put):
    assert table(put("a.csv", "\ufeffa,b\n1,2\n")).column_names == ["a", "b"]


def test_odd_column_names(table, put):
    header = ["a b", " c", 'x"y', "it's", "größe 大", "A B", "a.b", "c1"]
    quoted = ",".join('"' + name.replace('"', '""') + '"' for name in header)
    found = table(put("a.csv", f"{quoted},\n{','.join('12345678')},9\n"))
    assert found.column_names == [*header, "Unnamed: 8"]
    assert [column[0].as_py() for column in found.columns] == list(range(1, 10))
    assert table(
        put("a.csv", f"{quoted}\n{','.join('12345678')}\n"), columns=["A B", "a b"]
    ).to_pylist() == [{"A B": 6, "a b": 1}]


@pytest.mark.parametrize(
    "name",
    ["with blank.csv", "qu\"o'te.csv", "ünïcödé 数据.csv", "a[1].csv", "st*r?.csv", "%20.csv"],
)
def test_odd_file_names(table, put, name):
    put("a1.csv", "other\n1\n")
    put("star1.csv", "other\n1\n")
    assert table(put(name, "a\n1\n")).to_pylist() == [{"a": 1}]


def test_two_thousand_columns(table, put):
    names = [f"column {n}" for n in range(2000)]
    text = (
        ",".join(names) + "\n" + "".join(",".join(map(str, range(2000))) + "\n" for _ in range(3))
    )
    found = table(put("a.csv", text))
    assert found.column_names == names
    assert found["column 1999"].to_pylist() == [1999] * 3


def test_only_a_header_is_a_table_of_no_rows(opened, put):
    source = opened(put("a.csv", "a,b\n"))
    assert source.schema.names == ["a", "b"]
    assert source.count() == 0
    assert list(source.batches(rows=10)) == []


def test_a_column_that_turns_to_text_late_is_text_from_the_start(opened, put):
    rows = "".join(f"{n},{n}\n" for n in range(120_000))
    source = opened(put("a.csv", f"a,b\n{rows}unknown,1\n"))
    assert source.schema.field("a").type == pa.string()
    assert source.schema.field("b").type == pa.int64()
    *_, last = source.batches(rows=50_000)
    assert last["a"].to_pylist()[-2:] == ["119999", "unknown"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n", ["line 3", "1 cells", "2"]),
        ("a,b\n1,2\n3,4,5\n", ["line 3", "3 cells", "2", "quotes"]),
        ('a,b\n1,"x\ny"\n3,4,5\n', ["line 4", "3 cells"]),
        ('a,b\n1,x\n2,"y\n3,z\n', ["line 3", "quoted"]),
        ('a,b\n1,"x"y\n', ["line 2", "quoted"]),
        ('"a,b\n1,2\n', ["line 1", "quoted"]),
        ("a,b\r\n1,2\r\n3,4\n", ["line 3", "Windows"]),
        (b"a,b\n1,x\n2,Zo\xeb\n", ["line 3", "UTF-8", "0xeb", "--encoding latin-1"]),
        (b"a,b\xeb\n1,x\n", ["line 1", "UTF-8", "--encoding"]),
        ("a,b\n1,2\n".encode("utf-16"), ["line 1", "--encoding utf-16"]),
        ("", ["empty"]),
        ("\n\n", ["line 1", "column names"]),
        ("a,b,a\n1,2,3\n", ["'a'", "1 and 3"]),
        (f"a,b\n1,{'x' * 9_000_000}\n", ["line 2", "8,000,000"]),
    ],
)
def test_broken_files_are_named_with_line_and_remedy(opened, put, text, said):
    path = put("bad.csv", text)
    with pytest.raises(errors.Invalid) as caught:
        opened(path)
    for part in [path, *said]:
        assert part in caught.value.detail


def test_a_line_far_down_is_found(opened, put):
    rows = "".join(f'{n},"some ""text"" {n}"\n' for n in range(200_000))
    with pytest.raises(errors.Invalid, match="line 200,002"):
        opened(put("a.csv", f"a,b\n{rows}1,2,3\n"))


def test_a_wrong_encoding_is_named_with_its_line(opened, put):
    path = put("a.csv", b"a,b\n1,\x81\n")
    with pytest.raises(errors.Invalid, match="line 2: this is not shift_jis"):
        opened(path, encoding="shift_jis")
    with pytest.raises(errors.Invalid, match="no encoding 'utf-9'"):
        opened(path, encoding="utf-9")


def test_a_damaged_gzip_file(opened, put):
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    for content in (whole[: len(whole) // 2], b"a,b\n1,2\n"):
        with pytest.raises(errors.Invalid, match="does not unzip"):
            opened(put("a.csv.gz", content))


def test_column_types_can_be_chosen(table, put):
    path = put("a.csv", "id,when,age,price\n007,2024-01-01,1,1.10\n12,2024-01-02 10:00,2,2.5\n")
    found = table(path, column_types="id=long,when=string,age=double,price=decimal(10,2)")
    assert types(found) == ["int64", "string", "double", "decimal128(10, 2)"]
    assert found["when"].to_pylist() == ["2024-01-01", "2024-01-02 10:00"]
    assert [str(value) for value in found["price"].to_pylist()] == ["1.10", "2.50"]


@pytest.mark.parametrize(
    ("word", "cell"),
    [("long", "1.5"), ("integer", "3000000000"), ("datetime", "x"), ("boolean", "yes")],
)
def test_a_value_that_does_not_fit_the_chosen_type_is_named(opened, put, word, cell):
    rows = {"datetime": "2024-01-01", "boolean": "true"}.get(word, "1")
    text = "a,b\n" + f"{rows},1\n" * 30_000 + f"{cell},1\n"
    source = opened(put("a.csv", text), column_types={"a": word})
    with pytest.raises(errors.Invalid) as caught:
        list(source.batches(rows=7000))
    for part in ("a.csv", "row 30001", "column 'a'", cell, word):
        assert part in caught.value.detail
    assert caught.value.context == {"row": 30001, "column": "a"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"column_types": {"b": "long"}}, "no column 'b'"),
        ({"column_types": {"a": "text"}}, "'text' is no column type"),
        ({"delimiter": "||"}, "one character"),
        ({"delimiter": '"'}, "cannot both be"),
        ({"quote": ""}, "one character"),
        ({"format": "parquet", "delimiter": ";"}, "--delimiter is for CSV"),
        ({"format": "parquet"}, "no Parquet file"),
    ],
)
def test_wrong_options(opened, put, options, said):
    with pytest.raises(errors.Invalid, match=said):
        opened(put("a.csv", "a\n1\n"), **options)


def test_a_folder_of_files_is_one_table_in_the_order_of_names(opened, put, tmp_path):
    put("in/part-2.csv", "b,a\nx,3\n")
    put("in/part-1.csv", "a,b\n1,\n2,\n")
    put("in/part-3.csv.gz", gzip.compress(b"a;b\n4.5;y\n"))
    put("in/_SUCCESS", "")
    put("in/.hidden.csv", "z\n1\n")
    source = opened(str(tmp_path / "in"))
    rows = [row for batch in source.batches(rows=3) for row in batch.to_pylist()]
    assert [row["a"] for row in rows] == [1.0, 2.0, 3.0, 4.5]
    assert [row["b"] for row in rows] == [None, None, "x", "y"]
    assert source.count() == 4


def test_a_pattern_names_several_files(table, put, tmp_path):
    put("x-2.csv", "a\n2\n")
    put("x-1.csv", "a\n1\n")
    put("y.csv", "a\n3\n")
    assert table(str(tmp_path / "x-*.csv"))["a"].to_pylist() == [1, 2]


def test_files_of_different_columns_are_refused(opened, put, tmp_path):
    put("in/1.csv", "a,b\n1,2\n")
    put("in/2.csv", "a,c\n1,2\n")
    with pytest.raises(errors.Invalid, match=r"2\.csv lacks 'b' and has 'c' besides"):
        opened(str(tmp_path / "in"))


def test_a_file_that_goes_away_while_it_is_open(opened, put):
    path = put("a.csv", "a\n1\n")
    source = opened(path)
    Path(path).unlink()
    with pytest.raises(errors.NotFound, match=r"a\.csv"):
        list(source.batches(rows=1))
