"""The databases of a node: how it is told of them, and what packages that refer to them take."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import asynccontextmanager

import pytest
from tests.rooms.serving.node.nodes import ANYBODY, DAY

from modelyard import errors
from modelyard.serving.administration.node import Node
from modelyard.serving.administration.running import running_node
from modelyard.serving.asking import Question
from modelyard.serving.audit import Administrator
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.types import (
    Enrichment,
    LookupEndpoint,
    PackageContent,
    ReferencedTable,
    TestQuery,
)
from modelyard.serving.packages.writing import write_package
from modelyard.serving.plane import DataPlane


def write(folder, name="p1", **changes):
    """A package with a lookup in a table that stays in its database."""
    found = TestQuery(name="ann", query={"id": 1}, expected={"city": "Oslo"})
    lookup = {"name": "people", "keys": {"id": "id"}, "columns": {"city": "city"}} | changes
    told = PackageContent(
        service="towns",
        package=name,
        created=DAY,
        created_by="ann",
        made_with="0.1.0",
        references=(
            ReferencedTable(
                name="people",
                source="people",
                connection="lake",
                table="people",
                columns={"id": "int64", "city": "string"},
            ),
        ),
        endpoints=(
            LookupEndpoint(
                name="city",
                test_queries=(found,),
                lookups=(Enrichment(table="people", **lookup),),
            ),
        ),
    )
    file = folder / f"{name}.zip"
    write_package(file, told, {})
    return str(file)


def fill(file, create="create table people (id integer, city text)", *rows):
    with sqlite3.connect(file) as db:
        db.execute(create)
        db.executemany("insert into people values (?, ?)", rows or [(1, "Oslo"), (2, "Rome")])
    db.close()
    return f"sqlite:///{file}"


@pytest.fixture
def node(tmp_path):
    found = Node(tmp_path / "node", Administrator("ann"))
    found.init()
    return found


def test_a_package_is_told_which_connections_it_lacks(node, tmp_path):
    imported = node.import_(file=write(tmp_path))
    assert imported.connections == {"lake": "lake"}
    assert imported.problem == "there is no connection of the node 'lake'; there is none yet"
    with pytest.raises(errors.Failed) as caught:
        node.activate(service="towns", generation="p1")
    assert "node connections set lake --database URL" in caught.value.detail

    node.connections.set(name="warehouse", database=fill(tmp_path / "people.db"))
    with pytest.raises(errors.NotFound, match="connection of the node 'house'"):
        node.activate(service="towns", generation="p1", connections={"lake": "house"})
    with pytest.raises(errors.NotFound, match="connection in package p1 of towns 'sea'"):
        node.activate(service="towns", generation="p1", connections={"sea": "warehouse"})
    used = node.connections.use(service="towns", generation="p1", connections={"lake": "warehouse"})
    assert (used.connections, used.problem) == ({"lake": "warehouse"}, "")
    assert node.activate(service="towns", generation="p1").active == {"p1": 1.0}
    (listed,) = node.connections.list()
    assert listed.used_by == ("towns/p1",)


def test_connections_are_named_when_a_package_is_imported(node, tmp_path):
    node.connections.set(name="warehouse", database=fill(tmp_path / "people.db"))
    imported = node.import_(file=write(tmp_path), connections={"lake": "warehouse"})
    assert (imported.connections, imported.problem) == ({"lake": "warehouse"}, "")


@pytest.mark.parametrize(
    ("create", "said"),
    [
        ("create table persons (id integer, city text)", "no table in the database 'people'"),
        ("create table people (id integer, town text)", "named 'city'"),
        ("create table people (id text, city text)", "holds TEXT, and the package was made for"),
    ],
)
def test_a_database_with_another_table_is_refused(node, tmp_path, create, said):
    file = tmp_path / "people.db"
    with sqlite3.connect(file) as db:
        db.execute(create)
    db.close()
    node.connections.set(name="lake", database=f"sqlite:///{file}")
    assert said in node.import_(file=write(tmp_path)).problem
    with pytest.raises(errors.Failed, match=said.replace("(", "")):
        node.activate(service="towns", generation="p1")


@asynccontextmanager
async def running(node):
    """The node in this loop: what a function answers that is given ids, and the data plane."""
    folder = NodeFolder.opened(node.folder)
    runs = running_node(folder, folder.settings())
    plane = DataPlane(runs)

    async def ask(*ids):
        question = Question(rows=[{"id": each} for each in ids])
        rows = (await plane.ask("towns", "city", question, ANYBODY)).answer.rows
        return [row.output and row.output["city"] for row in rows]

    await runs.start()
    try:
        yield ask, plane
    finally:
        await plane.close()
        await runs.stop()


def test_a_node_starts_and_goes_on_while_a_database_is_away(node, tmp_path, caplog):
    file = tmp_path / "first.db"
    node.connections.set(name="lake", database=fill(file))
    node.import_(file=write(tmp_path))
    node.activate(service="towns", generation="p1")
    file.rename(tmp_path / "moved.db")

    async def main():
        async with running(node) as (ask, plane):
            with pytest.raises(errors.Unavailable, match="'lake' does not answer"):
                await ask(1)
            with pytest.raises(errors.Unavailable, match="is not ready"):
                await plane.ready("towns", "city")
            (tmp_path / "moved.db").rename(file)
            assert await ask(1, 2, 3) == ["Oslo", "Rome", None]
            await plane.ready("towns", "city")

    asyncio.run(main())
    assert "cannot be looked at yet" in caplog.text


def test_running_processes_follow_a_connection_that_is_changed(node, tmp_path):
    one = fill(tmp_path / "first.db")
    other = fill(tmp_path / "second.db", "create table people (id integer, city text)", (1, "Bonn"))
    node.connections.set(name="lake", database=one)
    node.connections.set(name="other", database=one)
    node.import_(file=write(tmp_path))
    node.activate(service="towns", generation="p1")
    again = {"service": "towns", "generation": "p1", "connections": {"lake": "other"}}

    async def main():
        async with running(node) as (ask, _):
            assert await ask(1) == ["Oslo"]
            await asyncio.to_thread(node.connections.set, name="lake", database=other)
            assert await ask(1) == ["Bonn"]
            with pytest.raises(errors.Conflict, match="answers already"):
                await asyncio.to_thread(node.activate, **again)

    asyncio.run(main())


def test_passwords_stay_in_a_file_that_nobody_else_reads(node, monkeypatch):
    node.connections.set(name="sales", database="postgresql://ann:secret@127.0.0.1:1/sales")
    node.connections.set(name="named", database="postgresql://ann:${SALES}@127.0.0.1:1/sales")
    file = NodeFolder.opened(node.folder).connections
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "secret" in file.read_text()
    told = {each.name: each.database for each in node.connections.list()}
    assert told["sales"] == "postgresql://ann:***@127.0.0.1:1/sales"
    assert "${SALES}" in told["named"]
    with pytest.raises(errors.Invalid, match="SALES is not set"):
        node.connections.test(name="named")
    with pytest.raises(errors.Unavailable) as caught:
        node.connections.test(name="sales")
    logged = (node.folder / "logs" / "audit.jsonl").read_text()
    assert "secret" not in caught.value.detail + logged
    assert "connections.set" in logged


def test_what_makes_no_sense_is_refused(node, tmp_path):
    wanted = node.connections
    for wrong in ("people.db", "sqlite://", "sqlite:///:memory:", ""):
        with pytest.raises(errors.Invalid):
            wanted.set(name="lake", database=wrong)
    wanted.set(name="lake", database="oracle://a:b@c/d")
    with pytest.raises(errors.Unsupported, match="no driver"):
        wanted.test(name="lake")
    wanted.delete(name="lake")
    with pytest.raises(errors.NotFound):
        wanted.delete(name="lake")
    remote = node.acting(Administrator("ops", key="k")).connections
    for wrong in (f"sqlite:///{tmp_path}/x.db", "postgresql://a:${HOME}@b/c", "${HOME}"):
        with pytest.raises(errors.Forbidden, match="over HTTP"):
            remote.set(name="lake", database=wrong)


def test_a_connection_that_is_needed_is_not_deleted(node, tmp_path):
    node.connections.set(name="lake", database=fill(tmp_path / "people.db"))
    assert node.connections.test(name="lake").tables == ("people",)
    node.import_(file=write(tmp_path))
    with pytest.raises(errors.Conflict, match="towns/p1 read tables"):
        node.connections.delete(name="lake")
    node.delete(service="towns")
    node.connections.delete(name="lake")
    assert node.connections.list() == []
