"""SQL tables and queries on SQLite and PostgreSQL: types kept, rows streamed, clear errors."""

# ruff: noqa: DTZ001  moments without a zone are meant

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlalchemy import create_engine, text

from modelyard import errors
from modelyard.data.access import open_source


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, yard, name, tmp_path):
    """A connection to an empty database of each kind: its name, its URL, a way to run SQL."""
    url = (
        f"sqlite:///{tmp_path / 'data.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    yard.connections.create(name=name, database=url)
    engine = create_engine(url)

    def run(*statements: str) -> None:
        with engine.begin() as db:
            for statement in statements:
                db.execute(text(statement))

    yield name, url, run
    engine.dispose()


@pytest.fixture
def postgres(yard, name, postgres_url):
    """A connection to PostgreSQL, and a way to run SQL."""
    yard.connections.create(name=name, database=postgres_url)
    engine = create_engine(postgres_url)

    def run(*statements: str) -> None:
        with engine.begin() as db:
            for statement in statements:
                db.execute(text(statement))

    yield name, run
    engine.dispose()


def whole(source, rows=1000) -> pa.Table:
    return pa.Table.from_batches(source.batches(rows=rows), source.schema)


ROWS = """insert into "t t" values
(3, 1.5, 'x, "y"', '2024-02-29', '2024-02-29 01:02:03', 1.10, '1'),
(1, null, 'é', null, null, null, null),
(2, -2, '', '0001-01-01', '1999-12-31 23:59:59.5', 12345678.90, '0')"""


def test_a_table_keeps_types_and_values(database, context):
    name, _, run = database
    run(
        'create table "t t" ("the id" bigint primary key, x double precision, s varchar(20),'
        " d date, ts timestamp, price numeric(12, 2), flag boolean)",
        ROWS,
    )
    source = open_source(context, "default", f"connection://{name}/t t")
    assert source.schema == pa.schema(
        {
            "the id": pa.int64(),
            "x": pa.float64(),
            "s": pa.string(),
            "d": pa.date32(),
            "ts": pa.timestamp("us"),
            "price": pa.decimal128(12, 2),
            "flag": pa.bool_(),
        }.items()
    )
    assert source.fingerprint is None
    assert source.count() == 3
    assert whole(source, rows=2).to_pydict() == {
        "the id": [1, 2, 3],
        "x": [None, -2.0, 1.5],
        "s": ["é", "", 'x, "y"'],
        "d": [None, date(1, 1, 1), date(2024, 2, 29)],
        "ts": [None, datetime(1999, 12, 31, 23, 59, 59, 500_000), datetime(2024, 2, 29, 1, 2, 3)],
        "price": [None, Decimal("12345678.90"), Decimal("1.10")],
        "flag": [None, False, True],
    }
    (batch,) = source.batches(rows=10, columns=["s", "the id"])
    assert batch.schema.names == ["s", "the id"]


def test_a_query_is_a_dataset(database, yard, context):
    name, _, run = database
    run("create table t (a integer, b varchar(9))", "insert into t values (1, 'x'), (2, 'y:z')")
    made = yard.datasets.create(
        name=name, connection=name, query="select b, a + 0.5 as half from t where b like '%:z';"
    )
    assert [column.name for column in made.columns] == ["b", "half"]
    assert made.rows is None
    source = open_source(context, "default", name)
    assert source.count() is None
    assert [[str(value) for value in row.values()] for row in whole(source).to_pylist()] == [
        ["y:z", "2.5"]
    ]


def test_batches_are_exact_over_many_rows(database, context):
    name, _, run = database
    run(
        "create table t (n integer primary key)",
        "insert into t with recursive c(n) as"
        " (select 0 union all select n + 1 from c where n < 4999) select n from c",
    )
    source = open_source(context, "default", f"connection://{name}/t")
    batches = list(source.batches(rows=1500))
    assert [batch.num_rows for batch in batches] == [1500, 1500, 1500, 500]
    assert pa.Table.from_batches(batches)["n"].to_pylist() == list(range(5000))


def test_no_rows(database, context):
    name, _, run = database
    run("create table t (a integer, b numeric)")
    source = open_source(context, "default", f"connection://{name}/t")
    assert source.count() == 0
    assert whole(source).num_rows == 0


def test_a_missing_table_names_near_ones(database, context, yard):
    name, _, run = database
    run("create table flights (a integer)", "create view flown as select * from flights")
    with pytest.raises(errors.NotFound, match="no table 'flight'; did you mean 'flights'"):
        open_source(context, "default", f"connection://{name}/flight")
    assert yard.datasets.create(name=f"{name}v", connection=name, table="flown").columns


def test_wrong_queries(database, yard):
    name, _, run = database
    run("create table t (a integer)", "insert into t values (1)")
    for query, kind in [
        ("select nothing from t", errors.Failed),
        ("selct 1", errors.Failed),
        ("delete from t", errors.Failed),
        ("select a, a from t", errors.Invalid),
    ]:
        with pytest.raises(kind):
            yard.datasets.create(name=f"{name}q", connection=name, query=query)
    assert yard.datasets.preview(dataset=f"connection://{name}/t").rows == ((1,),)


def test_postgresql_types(postgres, context):
    name, run = postgres
    run(
        """create table t (i smallint, n integer, r real, free numeric, wide numeric(50, 2),
        at timestamptz, tm time, data bytea, id uuid, js jsonb, tags text[], ints integer[],
        net inet, span interval, mood varchar)""",
        """insert into t values (1, 2, 0.5, 1.25, 1.5, '2024-01-01 00:00:00+02', '01:02:03',
        '\\xff', '6f9619ff-8b86-d011-b42d-00c04fc964ff', '{"a": [1, "é"]}', '{x,"y z"}', '{1,2}',
        '10.0.0.1', '1 day', 'ok')""",
        """insert into t (free) values (-1000.5)""",
    )
    source = open_source(context, "default", f"connection://{name}/t")
    kinds = {field.name: str(field.type) for field in source.schema}
    assert kinds == {
        "i": "int32",
        "n": "int32",
        "r": "float",
        "free": "decimal128(6, 2)",
        "wide": "decimal128(3, 2)",
        "at": "timestamp[us, tz=UTC]",
        "tm": "time64[us]",
        "data": "binary",
        "id": "string",
        "js": "string",
        "tags": "list<item: string>",
        "ints": "list<item: int32>",
        "net": "string",
        "span": "string",
        "mood": "string",
    }
    row = whole(source).to_pylist()[0]
    assert row["free"] == Decimal("1.25")
    assert row["at"] == datetime(2023, 12, 31, 22, tzinfo=UTC)
    assert row["tm"] == time(1, 2, 3)
    assert row["id"] == "6f9619ff-8b86-d011-b42d-00c04fc964ff"
    assert row["js"] == '{"a": [1, "é"]}'
    assert row["tags"] == ["x", "y z"]


def test_a_postgresql_query_keeps_its_types(postgres, yard, context):
    name, run = postgres
    run("create table t (a smallint, p numeric(8,2), at timestamptz)")
    yard.datasets.create(
        name=name,
        connection=name,
        query="select a, p, at, at::date as d, sum(p) over () as s, 'x'::text as x from t",
    )
    kinds = [str(kind) for kind in open_source(context, "default", name).schema.types]
    assert kinds[:4] == ["int32", "decimal128(8, 2)", "timestamp[us, tz=UTC]", "date32[day]"]
    assert kinds[5] == "string"


def test_a_schema_of_postgresql(postgres, context):
    name, run = postgres
    run("create schema s", "create table s.t (a integer)", "insert into s.t values (7)")
    source = open_source(context, "default", f"connection://{name}/s.t")
    assert whole(source).to_pylist() == [{"a": 7}]


def test_a_value_that_is_not_of_its_sqlite_column_is_named(yard, name, tmp_path, opened):
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute("create table t (n integer, at datetime)")
        db.executemany("insert into t values (?, '2024-01-01')", [(n,) for n in range(3000)])
        db.execute("insert into t values ('abc', '2024-01-01')")
    db.close()
    yard.connections.create(name=name, database=f"sqlite:///{tmp_path / 'x.db'}")
    path = f"connection://{name}/t"
    with pytest.raises(errors.Invalid, match="row 3001, column 'n': 'abc' is not of type long"):
        whole(opened(path))
    yard.datasets.create(name=name, connection=name, table="t", column_types="n=string")
    assert whole(opened(name))["n"].to_pylist()[-1] == "abc"


def test_sqlite_expressions_and_odd_values(yard, name, tmp_path, opened):
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute("create table t (at datetime, free, big integer)")
        db.execute("insert into t values ('2024-01-01 10:00', 1, 9223372036854775807)")
        db.execute("insert into t values (null, 'x', -1)")
    db.close()
    yard.connections.create(name=name, database=f"sqlite:///{tmp_path / 'x.db'}")
    found = whole(opened(f"connection://{name}/t"))
    assert found.to_pydict() == {
        "at": [datetime(2024, 1, 1, 10), None],
        "free": ["1", "x"],
        "big": [2**63 - 1, -1],
    }
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute("insert into t values (1700000000, 2, 2)")
    db.close()
    with pytest.raises(errors.Invalid, match="row 3, column 'at': '1700000000' is not"):
        whole(opened(f"connection://{name}/t"))


def test_a_sqlite_file_that_is_not_there_is_not_made(yard, name, tmp_path, opened):
    yard.connections.create(name=name, database=f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(errors.NotFound, match=r"no SQLite file .*x\.db"):
        opened(f"connection://{name}/t")
    assert not (tmp_path / "x.db").exists()


def test_a_file_that_is_no_database(yard, name, put):
    path = put("x.db", "not a database, but long enough to look like one" * 100)
    with pytest.raises(errors.Failed, match="not a database"):
        yard.connections.create(name=name, database=f"sqlite:///{path}")


def test_a_database_that_does_not_answer(yard, name):
    with pytest.raises(errors.Unavailable) as caught:
        yard.connections.create(name=name, database="postgresql://me:geheim@127.0.0.1:1/db")
    assert "geheim" not in caught.value.detail
    with pytest.raises(errors.NotFound):
        yard.connections.show(name=name)
