"""Rows come back from their lines as they were, on both databases."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    select,
)

from modelyard.backups.rows import _plain, _value, count_on, load, written
from modelyard.store.database import transaction, unopened
from modelyard.store.tables import Moment

VALUES = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text()
    | some.binary()
    | some.datetimes(timezones=some.just(UTC)).map(lambda moment: moment.replace(fold=0))
)


@settings(max_examples=60)
@given(VALUES)
def test_every_value_comes_back(value):
    back = _value(json.loads(json.dumps(_plain(value), allow_nan=False)))
    assert type(back) is type(value)
    assert repr(back) == repr(value)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    """An empty database of each kind."""
    here = f"sqlite:///{tmp_path / 'test.db'}"
    engine = unopened(
        here if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    yield engine
    engine.dispose()


def test_a_table_of_everything(engine):
    """Also one with a counter, which goes on after the highest number that came back."""
    meta = MetaData()
    table = Table(
        "Of everything",
        meta,
        Column("id", Integer, primary_key=True),
        Column("group", BigInteger),
        Column("number", Double),
        Column("text", Text),
        Column("bytes", LargeBinary),
        Column("when", Moment),
        Column("flag", Boolean),
    )
    when = datetime(2026, 11, 25, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=-11)))
    rows = [
        {"id": 7, "group": -(2**63), "number": float("-inf"), "text": "\u00df\U0001f600\x01\n",
         "bytes": bytes(range(256)), "when": when, "flag": True},
        {"id": 41, "group": None, "number": 5e-324, "text": "", "bytes": b"", "when": None,
         "flag": False},
    ]  # fmt: skip
    with transaction(engine) as db:
        meta.create_all(db)
        db.execute(insert(table), rows)
        before = db.execute(select(table)).all()
        lines = b"".join(written(db, table))
        db.execute(table.delete())
        there = MetaData()
        there.reflect(db)
        load(db, there.tables["Of everything"], tuple(table.columns.keys()), io.BytesIO(lines))
        count_on(db, there)
        assert db.execute(select(table)).all() == before
        assert db.execute(insert(table).values(text="new")).inserted_primary_key == (42,)
