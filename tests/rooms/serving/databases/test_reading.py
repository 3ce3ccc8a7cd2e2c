"""Rows of tables in databases: found as in copies, many at once, and never waited for too long."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
import uuid
from contextlib import suppress
from functools import partial

import pyarrow as pa
import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    MetaData,
    Table,
    Text,
    Uuid,
    create_engine,
    event,
    text,
)
from tests.ports import free_port
from tests.rooms.serving.endpoints.unpacked import table as copied

from modelyard import errors
from modelyard.serving.databases import asking
from modelyard.serving.databases.asking import Database
from modelyard.serving.databases.reading import TableReader, check_table
from modelyard.serving.databases.types import KeptConnection
from modelyard.serving.endpoints.around import Around
from modelyard.serving.endpoints.enriching import CopiedRows, OpenEnrichment
from modelyard.serving.packages.types import Enrichment, ReferencedTable

MORNING = dt.datetime.fromisoformat("2026-03-01T08:30:00")
ROWS = [
    {"id": 1, "city": "Oslo", "x": 10.5, "at": MORNING, "vip": True},
    {"id": 2, "city": "Rome", "x": 20.0, "at": None, "vip": False},
    {"id": 2, "city": "Bonn", "x": None, "at": MORNING, "vip": True},
    {"id": 3, "city": "Bonn ✓", "x": -1.0, "at": MORNING + dt.timedelta(1), "vip": None},
]
TYPES = {
    "id": "int64",
    "city": "string",
    "x": "double",
    "at": "timestamp[us]",
    "vip": "bool",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of a database that holds the rows."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path}/people.db"
    else:
        found = request.getfixturevalue("postgres_url")
    engine = create_engine(found)
    people = Table(
        "people",
        MetaData(),
        Column("id", BigInteger),
        Column("city", Text),
        Column("x", Double),
        Column("at", DateTime),
        Column("vip", Boolean),
        Column("code", Uuid),
    )
    with engine.begin() as db:
        people.create(db)
        db.execute(people.insert(), [{**row, "code": uuid.UUID(int=row["id"])} for row in ROWS])
    engine.dispose()
    return found


@pytest.fixture
def database(url):
    found = Database(KeptConnection(name="warehouse", database=url, timeout=20))
    yield found
    found.close()


def told(**more) -> ReferencedTable:
    return ReferencedTable(
        name="people",
        source="people",
        connection="warehouse",
        **({"table": "people", "columns": TYPES} | more),
    )


def reader(database, *keys, columns=("city", "x", "at", "vip"), **more) -> TableReader:
    return TableReader(lambda: database, told(), keys, columns, **more)


def enrichment(**more) -> Enrichment:
    columns = {name: name for name in TYPES}
    usual = {"name": "people", "table": "people", "keys": {"who": "id"}, "columns": columns}
    return Enrichment(**(usual | more))


@pytest.mark.parametrize(
    "keys",
    [
        {"who": "id"},
        {"town": "city"},
        {"who": "id", "town": "city"},
        {"since": "at"},
        {"is": "vip"},
    ],
    ids=lambda keys: "-".join(keys.values()),
)
def test_rows_are_found_as_in_a_copy_of_the_table(database, tmp_path, keys):
    declared = enrichment(keys=keys, no_match="ignore", several_matches="ignore")
    known = [{name: row[column] for name, column in keys.items()} for row in ROWS]
    known = [row for row in known if None not in row.values()]
    strange = {"who": 9, "town": "'; drop table people", "since": "1999-01-01", "is": False}
    asked = [*known, *reversed(known), {name: strange[name] for name in keys}]
    copy = copied(tmp_path, "people", pa.Table.from_pylist(ROWS))
    assert copy.columns == TYPES

    async def answers(rows):
        several, alone = [dict(row) for row in asked], [[dict(row)] for row in asked]
        opened = OpenEnrichment(declared, rows)
        ignored = [await opened.add_to(rows) for rows in (several, *alone)]
        return several, alone, ignored

    async def main():
        there = TableReader(lambda: database, told(), list(keys.values()), list(TYPES))
        return await answers(CopiedRows(tmp_path, copy, declared)), await answers(there)

    in_copy, in_database = asyncio.run(main())
    assert in_database == in_copy


def test_many_keys_are_one_question_and_few_statements(database):
    asked = []

    async def main():
        found = reader(database, "id", columns=("city",))
        await database.run(found.check)
        engine = database._engine
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        keys = [[number] for number in range(1, 1300)]
        every = await found.find(keys)
        assert every[:3] == [(False, "Oslo"), (True, every[1][1]), (False, "Bonn ✓")]
        assert every[1][1] in ("Rome", "Bonn")
        assert set(every[3:]) == {None}
        assert len(asked) == 2
        for size in (5, 6, 7, 8):
            assert await found.find([[3]] * size + [[1]])
            await found.find(keys[:size])

    asyncio.run(main())
    assert len(set(asked[2:])) == 2  # for two keys, and for up to eight


def test_what_was_found_is_remembered_as_long_as_it_may_be(database, monkeypatch):
    asked, now = [], [1000.0]
    run = Database.run
    monkeypatch.setattr(Database, "run", lambda self, work: (asked.append(1), run(self, work))[1])
    monkeypatch.setattr("modelyard.serving.databases.reading.time.monotonic", lambda: now[0])
    monkeypatch.setattr("modelyard.serving.databases.reading.MOST_REMEMBERED", 3)

    async def main():
        found = reader(database, "id", columns=("city",), cache_seconds=5)
        first = await found.find([[1], [9]])
        assert first == [(False, "Oslo"), None]
        assert await found.find([[9], [1], [1]]) == [None, (False, "Oslo"), (False, "Oslo")]
        assert len(asked) == 1
        now[0] += 6
        await found.find([[1]])
        assert len(asked) == 2
        await found.find([[number] for number in range(20, 25)])
        assert len(found._remembered) <= 5
        never = reader(database, "id", columns=("city",))
        await never.find([[1]])
        await never.find([[1]])
        assert len(asked) == 5

    asyncio.run(main())


WRONG = [
    (
        {"table": "persons"},
        errors.NotFound,
        "no table in the database 'persons'; there are: people",
    ),
    ({"columns": {"town": "string"}}, errors.NotFound, "no column of table 'people' named 'town'"),
    ({"columns": {"city": "int64"}}, errors.Invalid, "column 'city' of table 'people' holds TEXT"),
    ({"columns": {"x": "timestamp[us]"}}, errors.Invalid, "made for timestamp"),
]


@pytest.mark.parametrize(("changed", "kind", "said"), WRONG)
def test_a_table_that_is_another_is_refused(database, changed, kind, said):
    with pytest.raises(kind) as caught:
        database.ask(partial(check_table, told=told(**changed)), time.monotonic() + 60)
    assert said in caught.value.detail


def test_whole_numbers_may_stand_where_numbers_are_wanted(database):
    columns = {"id": "double", "city": "large_string", "code": "string"}
    database.ask(partial(check_table, told=told(columns=columns)), time.monotonic() + 60)


def test_nothing_can_be_changed(database):
    with pytest.raises(errors.Failed, match="connection 'warehouse' refused"):
        database.ask(lambda db: db.execute(text("delete from people")), time.monotonic() + 60)


def test_codes_are_found_by_their_text(postgres_url):
    engine = create_engine(postgres_url)
    code = uuid.uuid4()
    with engine.begin() as db:
        db.execute(text("create schema shop"))
        db.execute(
            text(
                "create table shop.items (code uuid primary key, at timestamptz, "
                "price numeric(8, 2), tags text[])"
            )
        )
        db.execute(
            text("insert into shop.items values (:code, '2026-03-01T08:30:00+02', 12.50, '{a,b}')"),
            {"code": code},
        )
    engine.dispose()
    columns = {
        "code": "string",
        "at": "timestamp[us, tz=UTC]",
        "price": "decimal128(8, 2)",
        "tags": "list<item: string>",
    }
    items = told(table="shop.items", columns=columns)
    database = Database(KeptConnection(name="shop", database=postgres_url, timeout=20))

    async def main():
        by_code = TableReader(lambda: database, items, ["code"], ["price", "at", "tags"])
        await database.run(by_code.check)
        by_time = TableReader(lambda: database, items, ["at"], ["code"])
        wanted = (False, "12.50", "2026-03-01T06:30:00", ["a", "b"])
        assert await by_code.find([[str(code)], [str(uuid.uuid4())]]) == [wanted, None]
        assert await by_code.find([[str(code)]]) == [wanted]
        for given in ("2026-03-01T06:30:00Z", "2026-03-01T06:30:00"):
            key = by_time.key(0, given)
            assert await by_time.find([[key]]) == [(False, str(code))]
            assert await by_time.find([[key], [key.replace(year=1999)]]) == [
                (False, str(code)),
                None,
            ]
        with pytest.raises(errors.Failed, match="refused"):
            await by_code.find([["no code"]])

    asyncio.run(main())
    database.close()


def test_a_table_that_is_locked_is_waited_for_no_longer_than_said(url, monkeypatch):
    """A database that hangs refuses queries in time; when it goes on it answers again."""
    monkeypatch.setattr(asking, "WAITING", 2)
    kept = KeptConnection(name="warehouse", database=url, timeout=0.5, pool=1)
    database, other = Database(kept), create_engine(url)
    lock = "begin exclusive" if "sqlite" in url else "lock table people"

    async def main():
        rows = reader(database, "id", columns=("city",))
        assert await rows.find([[1]]) == [(False, "Oslo")]
        with other.connect() as holder:
            holder.exec_driver_sql(lock)
            found = await asyncio.gather(
                *(rows.find([[1]]) for _ in range(6)), return_exceptions=True
            )
        assert {type(each) for each in found} == {errors.Unavailable}
        assert {each.context["reason"] for each in found} == {"database"}
        assert sum("too many queries" in each.detail for each in found) >= 4
        found = None
        while found is None:
            with suppress(errors.Unavailable):
                found = await rows.find([[1]])
        return found

    assert asyncio.run(main()) == [(False, "Oslo")]
    database.close()
    other.dispose()


def test_connections_that_were_cut_are_made_anew(postgres_url):
    database = Database(KeptConnection(name="w", database=postgres_url, timeout=20))
    killer = create_engine(postgres_url, isolation_level="AUTOCOMMIT")

    async def main():
        mine = await database.run(lambda db: db.scalar(text("select pg_backend_pid()")))
        with killer.connect() as db:
            db.execute(text("select pg_terminate_backend(:mine, 5000)"), {"mine": mine})
        return mine, await database.run(lambda db: db.scalar(text("select pg_backend_pid()")))

    before, after = asyncio.run(main())
    assert before != after
    database.close()
    killer.dispose()


def test_a_database_that_is_not_there_is_told_of(tmp_path):
    nowhere = f"postgresql://ann:secret@127.0.0.1:{free_port()}/sales"
    for url, said in (
        (f"sqlite:///{tmp_path}/none.db", "there is no SQLite file"),
        (nowhere, "refused"),
    ):
        database = Database(KeptConnection(name="w", database=url, timeout=5))
        with pytest.raises(errors.Unavailable) as caught:
            asyncio.run(reader(database, "id").find([[1]]))
        assert "'w' does not answer" in caught.value.detail
        assert said in caught.value.detail
        assert "secret" not in caught.value.detail
        database.close()
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("reaction", "answers"),
    [("ignore", {0: "DATABASE_UNAVAILABLE", 2: "DATABASE_UNAVAILABLE"}), ("missing", {})],
)
def test_what_is_done_while_it_is_away_is_declared(tmp_path, reaction, answers):
    database = Database(KeptConnection(name="w", database=f"sqlite:///{tmp_path}/none.db"))
    declared = enrichment(unavailable=reaction, columns={"x": "x"})
    rows = [{"who": 1}, None, {"who": 2}]
    opened = OpenEnrichment(declared, reader(database, "id", columns=("x",)))
    assert asyncio.run(opened.add_to(rows)) == answers
    wanted = {"who": 1, "x": None} if reaction == "missing" else {"who": 1}
    assert rows[0] == wanted
    refusing = OpenEnrichment(enrichment(columns={"x": "x"}), reader(database, "id"))
    with pytest.raises(errors.Unavailable):
        asyncio.run(refusing.add_to(rows))
    database.close()


def test_without_connections_a_table_says_what_is_lacking():
    with pytest.raises(errors.NotFound, match="node connections set warehouse --database URL"):
        asyncio.run(Around().read(told(), enrichment()))
