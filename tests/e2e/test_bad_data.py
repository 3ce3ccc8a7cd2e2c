"""Data that is wrong, odd or huge: a clear sentence, an exit code, no output left half-made."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.e2e.models import write_model


@pytest.fixture
def scorer(imported):
    """A saved model with an active version that takes the columns age and fare."""
    return imported


def score(cli, *options, data="data.csv", out="out.parquet"):
    return cli("scoring", "run", "churn", "--input", data, "--output", out, *options)


def refused(cli, *options, code, said, data="data.csv"):
    before = {path.name for path in cli.folder.iterdir()}
    done = score(cli, *options, data=data)
    assert done.code == code, (done.code, done.err)
    for part in said:
        assert part in done.err, done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert {path.name for path in cli.folder.iterdir()} == before


def write(cli, text, name="data.csv", encoding="utf-8"):
    (cli.folder / name).write_bytes(text.encode(encoding))


def predictions(cli, name="out.parquet"):
    return pq.read_table(cli.folder / name)["prediction"].to_pylist()


def test_missing_and_misnamed_columns_are_named(scorer):
    write(scorer, "Age,fare\n40,1\n")
    refused(scorer, code=2, said=["'age'", "Age", "fare"])


def test_extra_and_reordered_columns_are_fine(scorer):
    write(scorer, "note,fare,age\nx,1,40\ny,2,20\n")
    assert score(scorer).code == 0
    assert predictions(scorer) == ["yes", "no"]
    assert pq.read_schema(scorer.folder / "out.parquet").names[:3] == ["note", "fare", "age"]


def test_wrong_types_name_column_row_and_type(scorer):
    write(scorer, "age,fare\n40,1\nold,2\n20,3\n")
    refused(scorer, code=2, said=["age", "old", "double"])


def test_rows_of_wrong_type_can_be_skipped(scorer):
    write(scorer, "age,fare\n40,1\nold,2\n20,3\n")
    done = score(scorer, "--on-error", "skip", "--json")
    assert done.code == 0, done.err
    assert (done.json["rows"], done.json["rejected"]) == (3, 1)
    assert predictions(scorer) == ["yes", "no"]
    rejects = (scorer.folder / "out.parquet.rejects.jsonl").read_text()
    assert '"old"' in rejects
    assert rejects.count("\n") == 1


def test_no_rows_give_an_empty_output_with_its_columns(scorer):
    write(scorer, "age,fare\n")
    done = score(scorer)
    assert done.code == 0, done.err
    table = pq.read_table(scorer.folder / "out.parquet")
    assert table.num_rows == 0
    assert table.column_names == ["age", "fare", "prediction"]


def test_one_row(scorer):
    write(scorer, "age,fare\n40,1\n")
    assert score(scorer).code == 0
    assert predictions(scorer) == ["yes"]


def test_two_thousand_columns(scorer):
    names = [f"column {n}" for n in range(2000)]
    table = pa.table({"age": [40.0], "fare": [1.0], **{name: [1] for name in names}})
    pq.write_table(table, scorer.folder / "wide.parquet")
    assert score(scorer, data="wide.parquet").code == 0
    assert pq.read_table(scorer.folder / "out.parquet").num_columns == 2003


def test_a_model_of_two_thousand_columns(churn, tmp_path):
    inputs = [{"name": f"x{n}", "type": "double"} for n in range(2000)]
    predict = "return (frame.sum(axis=1) > 1000).astype(int)"
    model = write_model(tmp_path / "wide", predict=predict, inputs=inputs)
    churn.ok("versions", "import", "churn", "v1", str(model), "--classes", "0,1")
    pq.write_table(
        pa.table({f"x{n}": [0.0, 1.0] for n in range(2000)}), churn.folder / "wide.parquet"
    )
    assert score(churn, data="wide.parquet").code == 0
    assert predictions(churn) == [0, 1]


def test_a_column_that_turns_from_numbers_to_words(scorer):
    rows = "".join(f"{n % 90},1\n" for n in range(300_000))
    write(scorer, f"age,fare\n{rows}unknown,1\n")
    refused(scorer, code=2, said=["age", "unknown"])


@pytest.mark.parametrize("line", ["40", "40,1,2,3"])
def test_a_broken_csv_line_is_named(scorer, line):
    write(scorer, f"age,fare\n40,1\n20,2\n{line}\n")
    refused(scorer, code=2, said=["data.csv", "line 4"])


def test_invalid_utf8_says_where_and_what_to_do(scorer):
    write(scorer, "age,fare,name\n40,1,Zoë\n", encoding="latin-1")
    refused(scorer, code=2, said=["data.csv", "encoding"])


def test_odd_file_names(scorer):
    name = 'with blanks and "quotes" ünïcödé 数据.csv'
    write(scorer, "age,fare\n40,1\n", name=name)
    assert score(scorer, data=name).code == 0
    assert predictions(scorer) == ["yes"]


def test_odd_column_names(churn, tmp_path):
    names = ["age in years", 'fare "net"', "größe 大"]
    model = write_model(
        tmp_path / "odd",
        predict="return (frame.iloc[:, 0] > 30).astype(int)",
        inputs=[{"name": name, "type": "double"} for name in names],
    )
    churn.ok("versions", "import", "churn", "v1", str(model), "--classes", "0,1")
    pq.write_table(pa.table({name: [40.0, 20.0] for name in names}), churn.folder / "odd.parquet")
    assert score(churn, data="odd.parquet", out="out.csv").code == 0
    lines = (churn.folder / "out.csv").read_text("utf-8").splitlines()
    assert lines[0].endswith(",prediction") or lines[0].endswith(',"prediction"')
    assert [line.split(",")[-1] for line in lines[1:]] == ["1", "0"]


def test_no_such_dataset(scorer):
    refused(scorer, code=3, said=["data.csv"])


def test_no_such_model_names_near_ones(scorer):
    done = scorer("scoring", "run", "chum", "--input", "x.csv", "--output", "y.csv")
    assert done.code == 3
    assert "churn" in done.err
