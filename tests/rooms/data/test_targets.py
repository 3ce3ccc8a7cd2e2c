"""Writing: what was written comes back, appears only when whole, and leaves nothing else behind."""

# ruff: noqa: DTZ001  moments without a zone are meant

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, inspect, text

from modelyard import errors
from modelyard.data.access import open_source, open_target

FORMATS = ["parquet", "csv", "csv.gz", "jsonl", "jsonl.gz"]


@pytest.fixture
def plain() -> pa.Table:
    return pa.table(
        {
            "n": [1, None, 3],
            "x": [0.1, -1e300, None],
            "s": ['a, "b"\n', "é", None],
            "flag": [True, None, False],
            "day": [date(2024, 2, 29), None, date(1, 1, 1)],
            "moment": [datetime(2024, 2, 29, 1, 2, 3, 4), None, datetime(1999, 1, 1)],
            "zoned": pa.array(
                [datetime(2024, 2, 29, tzinfo=UTC), None, None], pa.timestamp("us", "UTC")
            ),
            "a b": ["x", "y", "z"],
        }
    )


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("ending", FORMATS)
def test_what_is_written_comes_back(write, table, tmp_path, plain, ending):
    path = str(tmp_path / f"out.{ending}")
    write(path, plain, rows=2)
    found = table(path)
    assert found.schema == plain.schema
    assert found.to_pylist() == plain.to_pylist()
    assert files(tmp_path) == [f"out.{ending}"]


@pytest.mark.parametrize("ending", FORMATS)
def test_other_tools_read_it(write, tmp_path, plain, ending):
    path = tmp_path / f"out.{ending}"
    write(str(path), plain)
    readers = {
        "parquet": pd.read_parquet,
        "csv": pd.read_csv,
        "jsonl": lambda file: pd.read_json(file, lines=True),
    }
    found = readers[ending.partition(".")[0]](path)
    assert list(found.columns) == plain.column_names
    assert found["s"].iloc[:2].tolist() == ['a, "b"\n', "é"]
    assert found["x"].iloc[:2].tolist() == [0.1, -1e300]


@pytest.mark.parametrize("ending", FORMATS)
def test_no_rows_still_give_a_file(write, tmp_path, plain, opened, ending):
    path = str(tmp_path / f"out.{ending}")
    write(path, plain.slice(0, 0))
    assert Path(path).exists()
    if "jsonl" not in ending:  # with no line there are no names
        assert opened(path).schema.names == plain.column_names


@pytest.mark.parametrize("ending", FORMATS)
def test_nothing_appears_before_commit_and_nothing_stays_after_abort(
    context, tmp_path, plain, ending
):
    path = tmp_path / f"out.{ending}"
    path.write_bytes(b"old")
    with open_target(context, "default", str(path), plain.schema, token="t") as target:
        target.write(plain.to_batches()[0])
        assert path.read_bytes() == b"old"
        assert len(files(tmp_path)) == 2
    assert files(tmp_path) == [path.name]
    assert path.read_bytes() == b"old"
    target.abort()


def test_an_exception_while_writing_aborts(context, tmp_path, plain):
    def stumble() -> None:
        path = str(tmp_path / "out.parquet")
        with open_target(context, "default", path, plain.schema, token="t") as target:
            target.write(plain.to_batches()[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert files(tmp_path) == []


def test_the_old_file_is_replaced_with_its_mode(write, table, tmp_path, plain):
    path = tmp_path / "out.csv"
    path.write_text("old\n")
    path.chmod(0o640)
    write(str(path), plain)
    assert table(str(path)).num_rows == 3
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(write, table, tmp_path, plain):
    (tmp_path / "there").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "there" / "real.csv")
    write(str(tmp_path / "link.csv"), plain)
    assert (tmp_path / "link.csv").is_symlink()
    assert table(str(tmp_path / "there" / "real.csv")).num_rows == 3


KILLED = """
import os, signal, sys
import pyarrow as pa
import modelyard
from modelyard.data.access import open_target
context = modelyard.open(sys.argv[1]).open()
table = pa.table({"n": range(1000)})
target = open_target(context, "default", sys.argv[2], table.schema, token="dead")
for batch in table.to_batches(max_chunksize=100):
    target.write(batch)
print("written", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_what_a_killed_writer_left_is_swept_at_the_next_write(
    context, tmp_path, plain, write, table, ending
):
    path = tmp_path / f"out.{ending}"
    write(str(path), plain)
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(context.folder), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert path.read_bytes() == before
    assert len(files(tmp_path)) == 2
    write(str(path), pa.table({"n": [1]}))
    assert files(tmp_path) == [path.name]
    assert table(str(path)).to_pylist() == [{"n": 1}]


def test_a_living_writer_is_not_swept(context, tmp_path, plain, write, table):
    path = str(tmp_path / "out.parquet")
    with open_target(context, "default", path, plain.schema, token="one") as target:
        target.write(plain.to_batches()[0])
        write(path, pa.table({"n": [1]}), token="two")
        target.commit()
    assert table(path).to_pylist() == plain.to_pylist()
    assert files(tmp_path) == ["out.parquet"]


def test_two_writers_of_one_token(context, tmp_path, plain):
    path = str(tmp_path / "out.parquet")
    with (
        open_target(context, "default", path, plain.schema, token="one"),
        pytest.raises(errors.Conflict, match="being written"),
    ):
        open_target(context, "default", path, plain.schema, token="one")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("a file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_full_disk_is_an_error_that_leaves_the_old_file(context, small_disk, ending):
    path = small_disk / f"out.{ending}"
    path.write_bytes(b"old")
    noise = pa.table({"x": [os.urandom(24).hex() for _ in range(50_000)]})

    def fill() -> None:
        with open_target(context, "default", str(path), noise.schema, token="t") as target:
            for batch in noise.to_batches(max_chunksize=5000):
                target.write(batch)
            target.commit()

    with pytest.raises(errors.Failed, match="no space is left on the disk") as caught:
        fill()
    assert str(path) in caught.value.detail
    assert files(small_disk) == [path.name]
    assert path.read_bytes() == b"old"


def test_types_beyond_the_plain_ones(write, table, tmp_path):
    rich = pa.table(
        {
            "c": pa.array(["x", None, "x"]).dictionary_encode(),
            "d": [Decimal("1.10"), None, Decimal("-2.50")],
            "l": [[1.5], [], None],
            "o": [{"a": 1}, {"a": 2}, {"a": None}],
            "v": pa.array(["x", "y", None]).cast(pa.string_view()),
            "big": pa.array([2**64 - 1, 0, 1], pa.uint64()),
            "b": [b"text", b"", None],
            "f": pa.array([float("nan"), float("inf"), 0.5], pa.float32()),
        }
    )
    write(str(tmp_path / "a.parquet"), rich)
    assert str(table(str(tmp_path / "a.parquet")).to_pylist()) == str(rich.to_pylist())
    write(str(tmp_path / "a.jsonl"), rich.drop_columns(["b"]))
    first, second, _ = map(json.loads, (tmp_path / "a.jsonl").read_text().splitlines())
    assert first == {
        "c": "x", "d": 1.1, "l": [1.5], "o": {"a": 1}, "v": "x", "big": 2**64 - 1, "f": None,
    }  # fmt: skip
    assert second["l"] == []
    flat = rich.drop_columns(["l", "o"])
    write(str(tmp_path / "a.csv"), flat)
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == (
        '"x",1.10,"x",18446744073709551615,"text",nan'
    )


@pytest.mark.parametrize(
    ("name", "table", "kind", "said"),
    [
        ("a.csv", pa.table({"l": [[1]]}), errors.Unsupported, "'l' is of type list"),
        ("a.jsonl", pa.table({"a": [1], "A": [1]}), errors.Unsupported, "capitals"),
        ("a.csv", pa.Table.from_arrays([pa.array([1])] * 2, ["a", "a"]), errors.Invalid, "two"),
        ("a.csv", pa.table({"b": [b"\xff"]}), errors.Failed, "'b' holds bytes"),
        ("no/such/a.csv", pa.table({"b": [1]}), errors.NotFound, "is not there; make it"),
        ("a.xlsx", pa.table({"b": [1]}), errors.Invalid, "format"),
        ("result", pa.table({"b": [1]}), errors.Invalid, r"write to .*result\.parquet"),
        (".", pa.table({"b": [1]}), errors.Unsupported, "not one file"),
        ("in/*.csv", pa.table({"b": [1]}), errors.Unsupported, "not one file"),
    ],
)
def test_what_cannot_be_written(write, tmp_path, name, table, kind, said):
    with pytest.raises(kind, match=said):
        write(str(tmp_path / name), table)
    assert files(tmp_path) == []


def test_a_dataset_is_overwritten_in_its_own_way_and_looked_at_again(
    yard, name, write, put, opened
):
    path = put("data.txt", "a;b\n1;é\n".encode("latin-1"))
    yard.datasets.create(name=name, path=path, format="csv", delimiter=";", encoding="latin-1")
    write(name, pa.table({"word": ["ü;x", None], "n": [1, 2]}))
    assert Path(path).read_bytes() == '"word";"n"\n"ü;x";1\n;2\n'.encode("latin-1")
    (listed,) = [each for each in yard.datasets.list() if each.name == name]
    assert [(column.name, column.type) for column in listed.columns] == [
        ("word", "string"),
        ("n", "long"),
    ]
    assert listed.rows == 2
    with pytest.raises(errors.Failed, match="'数' cannot be written in the encoding"):
        write(name, pa.table({"word": ["数"]}))
    assert opened(name).count() == 2


def test_a_dataset_of_json_lines_can_become_empty(yard, name, write, put):
    path = put("a.jsonl", '{"a": 1}\n')
    yard.datasets.create(name=name, path=path)
    write(name, pa.table({"a": pa.array([], pa.int64())}))
    assert Path(path).read_bytes() == b""


def test_a_dataset_with_another_quote_is_not_written(yard, name, write, put):
    yard.datasets.create(name=name, path=put("a.csv", "a\n'1'\n"), quote="'")
    with pytest.raises(errors.Unsupported, match="quote"):
        write(name, pa.table({"a": [1]}))


def test_gzip_files_of_equal_rows_are_equal(write, tmp_path, plain):
    for name in ("1.csv.gz", "2.csv.gz"):
        write(str(tmp_path / name), plain)
    assert (tmp_path / "1.csv.gz").read_bytes() == (tmp_path / "2.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "1.csv.gz").read_bytes()).startswith(b'"n",')


def test_small_batches_make_large_row_groups(write, tmp_path):
    write(str(tmp_path / "a.parquet"), pa.table({"n": range(20_000)}), rows=100)
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, yard, name, tmp_path):
    """A connection to an empty database of each kind, and an engine for it."""
    url = (
        f"sqlite:///{tmp_path / 'data.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    yard.connections.create(name=name, database=url)
    engine = create_engine(url)
    yield name, engine
    engine.dispose()


def test_values_that_repeat_are_written_as_a_dictionary(write, tmp_path):
    rows = pa.table(
        {
            "carrier": ["AA", "UA"] * 5_000,
            "probability": [1 / (n + 1) for n in range(10_000)],
            "a.b": [0.5, None] * 5_000,
        }
    )
    write(str(tmp_path / "out.parquet"), rows)
    group = pq.read_metadata(tmp_path / "out.parquet").row_group(0)
    found = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}
    assert {name: column.has_dictionary_page for name, column in found.items()} == {
        "carrier": True,
        "probability": False,
        "a.b": True,
    }
    assert pq.read_table(tmp_path / "out.parquet").equals(rows)


def test_a_sql_table_is_written_and_replaced(database, write, table, plain):
    name, engine = database
    path = f"connection://{name}/my table"
    more = plain.append_column(
        "d", pa.array([Decimal("12345678901234.10"), None, Decimal("-2.50")])
    )
    more = more.append_column("t", pa.array([time(1, 2, 3), None, None]))
    more = more.append_column("b", pa.array([b"\xff", None, b""]))
    write(path, more, rows=2)
    found = table(path)
    if engine.dialect.name == "sqlite":  # which keeps times of day as texts, and no time zones
        assert found["t"].to_pylist() == ["01:02:03.000000", None, None]
        assert found["zoned"].to_pylist() == [datetime(2024, 2, 29), None, None]
        found, more = (each.drop_columns(["t", "zoned"]) for each in (found, more))
    assert found.to_pylist() == more.to_pylist()
    assert found.schema.field("d").type == pa.decimal128(16, 2)
    write(path, pa.table({"n:m": pa.array(["x"]).dictionary_encode(), "%": [1]}))
    assert table(path).to_pylist() == [{"n:m": "x", "%": 1}]
    assert inspect(engine).get_table_names() == ["my table"]


def test_a_sql_table_appears_only_at_commit(database, context, table, write, plain):
    name, engine = database
    path = f"connection://{name}/t"
    write(path, pa.table({"a": [1]}))
    with open_target(context, "default", path, plain.schema, token="x") as target:
        target.write(plain.to_batches()[0])
        assert table(path).to_pylist() == [{"a": 1}]
    assert table(path).to_pylist() == [{"a": 1}]
    assert inspect(engine).get_table_names() == ["t"]


def test_a_refusal_by_the_database_leaves_the_old_table(database, context, table, write):
    name, engine = database
    path = f"connection://{name}/t"
    write(path, pa.table({"a": [1]}))
    target = open_target(context, "default", path, pa.schema([("a", pa.int64())]), token="x")
    target.write(pa.record_batch({"a": [2]}))
    with engine.begin() as db:  # takes the name that the new table needs
        db.execute(text("create table modelyard_x (a integer)"))
    with pytest.raises(errors.Failed, match="refused"):
        target.commit()
    target.abort()
    assert table(path).to_pylist() == [{"a": 1}]


def test_a_dataset_on_a_table_is_overwritten(database, yard, write, opened):
    name, _ = database
    write(f"connection://{name}/t", pa.table({"a": [1]}))
    yard.datasets.create(name=name, connection=name, table="t")
    write(name, pa.table({"b": ["x", "y"]}))
    assert yard.datasets.preview(dataset=name).rows == (("x",), ("y",))
    assert [column.name for column in yard.datasets.show(dataset=name).columns] == ["b"]


def test_tables_that_cannot_be_written(database, yard, write):
    name, engine = database
    write(f"connection://{name}/t", pa.table({"a": [1]}))
    with engine.begin() as db:
        db.execute(text("create view v as select * from t"))
    with pytest.raises(errors.Conflict, match="is a view"):
        write(f"connection://{name}/v", pa.table({"a": [1]}))
    with pytest.raises(errors.Unsupported, match="'l' is of type list"):
        write(f"connection://{name}/x", pa.table({"l": [[1]]}))
    yard.datasets.create(name=f"{name}q", connection=name, query="select * from t")
    with pytest.raises(errors.Unsupported, match="is a query"):
        write(f"{name}q", pa.table({"a": [1]}))


def test_a_schema_of_postgresql_is_written(yard, name, postgres_url, write, table):
    yard.connections.create(name=name, database=postgres_url)
    engine = create_engine(postgres_url)
    with engine.begin() as db:
        db.execute(text("create schema s"))
    for n in (1, 2):
        write(f"connection://{name}/s.t", pa.table({"a": [n]}))
    assert table(f"connection://{name}/s.t").to_pylist() == [{"a": 2}]
    with pytest.raises(errors.Failed, match="nowhere"):
        write(f"connection://{name}/nowhere.t", pa.table({"a": [1]}))
    engine.dispose()


def test_a_source_and_its_target_in_one_sqlite_database(yard, name, tmp_path, context, write):
    yard.connections.create(name=name, database=f"sqlite:///{tmp_path / 'x.db'}")
    path = f"connection://{name}"
    write(f"{path}/a", pa.table({"n": range(20_000), "s": ["x" * 100] * 20_000}))
    source = open_source(context, "default", f"{path}/a")
    with open_target(context, "default", f"{path}/b", source.schema, token="t") as target:
        for batch in source.batches(rows=1000):
            target.write(batch)
        target.commit()
    assert open_source(context, "default", f"{path}/b").count() == 20_000
