"""The metadata database does the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import gc
import threading
import warnings
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, insert, inspect, select, text
from sqlalchemy.schema import CreateIndex, CreateTable

import modelyard
from modelyard import errors
from modelyard.store.among import Among
from modelyard.store.database import (
    connect,
    current_revision,
    exclusively,
    migrate,
    transaction,
    unopened,
)
from modelyard.store.migrations import HEAD
from modelyard.store.tables import metadata, projects, workspace_items, workspaces
from modelyard.web.problems import answer_to


def test_a_new_database_is_at_the_newest_revision(engine):
    with engine.begin() as db:
        assert current_revision(db) == HEAD


def test_down_and_up_again_step_by_step_leads_to_the_tables_of_a_new_database(engine):
    new = _all_of(engine)
    migrate(engine, "base")
    with engine.begin() as db:
        assert inspect(db).get_table_names() == ["alembic_version"]
    migrate(engine, "0001")
    migrate(engine)
    assert _all_of(engine) == new


def _all_of(engine):
    """Every table and index in whatever order, and the rows but for when they were written."""
    found = MetaData()
    with engine.begin() as db:
        found.reflect(db)
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
        made = {
            f"{table.name}: {line.strip(' ,')}"
            for table in found.tables.values()
            for each in (CreateTable(table), *map(CreateIndex, table.indexes))
            for line in str(each.compile(db)).replace("\t", " ").splitlines()
        }
        rows = [
            (name, {**row, "created": None, "changed": None})
            for name, table in sorted(found.tables.items())
            for row in db.execute(select(table)).mappings()
        ]
    return made, rows


def test_a_failed_transaction_leaves_nothing(engine):
    def fail() -> None:
        with transaction(engine) as db:
            db.execute(projects.delete())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with transaction(engine) as db:
        assert db.scalars(select(projects.c.key)).all() == ["default"]


def test_rows_of_many_keys_are_found_by_an_index(engine):
    keys = [("a", "it's"), ("a", '"é\\'), ("b", "it's")]
    of = workspace_items.c
    query = select(of.item).where(Among((of.workspace, of.item), [*keys[1:], ("b", "none")]))
    told = {"kind": "x", "files": "", "mark": "", "marks": "", "facts": "", "evidence": ""}
    with engine.begin() as db:
        for name in "ab":
            db.execute(insert(workspaces).values(name=name, sha256=name, version="", body="{}"))
        rows = [{"workspace": name, "item": item, **told} for name, item in keys]
        db.execute(insert(workspace_items), rows)
        assert sorted(db.scalars(query)) == sorted(item for _, item in keys[1:])
        assert not db.scalars(select(of.item).where(Among((of.workspace, of.item), []))).all()
        if engine.dialect.name == "sqlite":
            words = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
            plan = [row.detail for row in db.execute(text(f"EXPLAIN QUERY PLAN {words}"))]
            assert plan[0].startswith("SEARCH workspace_items")


def test_a_database_from_the_future_is_refused(engine):
    with engine.begin() as db:
        db.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(errors.Conflict, match="upgrade modelyard"):
        migrate(engine)


def test_exclusive_transactions_go_one_after_the_other(engine):
    inside, overlaps = [], []

    def work() -> None:
        with transaction(engine) as db:
            exclusively(db)
            inside.append(1)
            overlaps.append(len(inside))
            db.execute(select(projects.c.key)).all()
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == [1] * 8


def test_moments_come_back_in_utc(engine):
    with transaction(engine) as db:
        created = db.scalar(select(projects.c.created))
    assert created.utcoffset().total_seconds() == 0


def test_a_new_database_may_be_opened_by_many_at_once(database_url):
    failures = []

    def opened() -> None:
        try:
            connect(database_url).dispose()
        except Exception as exc:  # noqa: BLE001  reported below
            failures.append(exc)

    threads = [threading.Thread(target=opened) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_workspace_that_nobody_holds_has_closed_its_connections(
    postgres_url, tmp_path, monkeypatch
):
    monkeypatch.setenv("MODELYARD_DATABASE", postgres_url)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        modelyard.open(tmp_path / "yard").projects.list()
        gc.collect()
    assert [str(each.message) for each in told] == []  # the driver tells of those it finds open


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("nonsense", errors.Invalid, "cannot be used"),
        ("mysql://x/y", errors.Invalid, "neither sqlite nor postgresql"),
        ("sqlite:////no/such/folder/x.db", errors.Unavailable, "cannot be opened"),
        ("postgresql://u:secret@127.0.0.1:1/x", errors.Unavailable, r"u:\*\*\*@"),
        ("postgresql://u@127.0.0.1:1/x?password=secret", errors.Unavailable, r"password=\*\*\*"),
    ],
)
def test_bad_urls_are_said_without_their_password(url, error, said):
    with pytest.raises(error, match=said) as raised:
        connect(url)
    assert "secret" not in raised.value.in_full()


def test_only_who_works_on_this_machine_is_told_where_the_database_is(caplog):
    gone = unopened("postgresql://svc@127.0.0.1:1/risk")
    with pytest.raises(errors.Unavailable) as raised, transaction(gone):
        pass
    gone.dispose()
    answer = answer_to(raised.value)
    for place in ("127.0.0.1", "svc", "risk"):
        assert place not in answer.body.decode()
        assert place in raised.value.in_full()
        assert place in caplog.text


def test_a_workspace_is_its_owners_alone(tmp_path):
    folder, database = tmp_path / "deep" / "yard", tmp_path / "apart.db"
    with closing(modelyard.open(folder)) as yard:
        yard.projects.list()
    connect(f"sqlite:///{database}").dispose()
    assert [path.stat().st_mode & 0o777 for path in (folder, database)] == [0o700, 0o600]
