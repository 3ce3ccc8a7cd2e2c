"""What of a project is in a bundle: every table is declared, and rows come back as they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from modelyard.deployments.bundling import rows
from modelyard.deployments.bundling.content import BUNDLED, NEVER, Placing
from modelyard.kernel.identity import Identity
from modelyard.store.tables import metadata

THERE = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = datetime(2026, 4, 2, tzinfo=UTC)
PLACING = Placing("prod", Identity("bob"), HERE)
SCENARIO = {
    "project": "design",
    "name": "nightly",
    "follows": None,
    "due": 1.0,
    "identity": '{"name": "ada"}',
    "folder": "/home/ada",
    "body": json.dumps(
        {
            "project": "design",
            "name": "nightly",
            "owner": "ada",
            "steps": [
                {"arguments": {"project": "design", "x": 1.5}},
                {"arguments": {"project": "b"}},
            ],
        }
    ),
}
STEPS = [{"arguments": {"x": 1.5}}, {"arguments": {"project": "b"}}]
STORE = {
    "project": "design",
    "name": "monthly",
    "description": "",
    "reference": None,
    "created": THERE,
    "created_by": "ada",
    "check_each": "never",
    "governed": True,
}


def test_every_table_is_in_bundles_or_not_for_a_reason():
    assert not BUNDLED.keys() & NEVER.keys()
    assert BUNDLED.keys() | NEVER.keys() == metadata.tables.keys(), "decide what bundles hold of it"


@pytest.mark.parametrize("name", BUNDLED)
def test_what_is_declared_is_there(name):
    table, declared = metadata.tables[name], BUNDLED[name]
    assert {"project", *declared.key} == {*table.primary_key.columns.keys()} or name == "projects"
    for path in declared.local:
        column, _, inside = path.partition(".")
        assert column in table.c
        assert not inside or column in rows.JSON_COLUMNS
    texts = {column.name for column in table.c} & rows.JSON_COLUMNS
    if texts and "project" in table.c and name != "service_endpoints":
        assert any(path.endswith("project") for path in declared.local), "its body names a project"


def test_what_belongs_to_a_workspace_stays_behind():
    table = rows.table_of("scenarios")
    told = rows.portable(table, SCENARIO)
    assert told == {
        "name": "nightly",
        "follows": None,
        "body": {"name": "nightly", "steps": STEPS},
    }
    assert rows.key_of(table, told) == ("nightly",)


def test_a_new_row_is_of_whoever_puts_it_there():
    table = rows.table_of("scenarios")
    found = rows.placed(table, rows.portable(table, SCENARIO), PLACING)
    assert json.loads(found.pop("identity"))["name"] == "bob"
    assert json.loads(found.pop("body")) == {
        "project": "prod",
        "name": "nightly",
        "owner": "bob",
        "steps": STEPS,
    }
    assert found == {
        "project": "prod",
        "name": "nightly",
        "follows": None,
        "due": None,
        "folder": "",
    }


def test_what_a_row_has_of_its_own_stays():
    table = rows.table_of("evaluation_stores")
    there = STORE | {"project": "prod", "created_by": "eve", "description": "old", "created": HERE}
    found = rows.placed(table, rows.portable(table, STORE), PLACING, there)
    assert found == STORE | {"project": "prod", "created_by": "eve"}
    assert rows.is_same(table, rows.portable(table, STORE), found)
    assert not rows.is_same(table, rows.portable(table, STORE), there)


def test_a_row_is_one_line_whatever_the_order_of_its_columns():
    table = rows.table_of("evaluation_stores")
    told = rows.portable(table, STORE)
    turned = dict(reversed(told.items()))
    assert rows.line(told) == rows.line(turned)
    assert b'"created":"2026-03-01T12:00:00+00:00"' in rows.line(told)
