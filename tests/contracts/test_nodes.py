"""Nodes that are administered from here, with the rows in SQLite and in PostgreSQL."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import select

import modelyard
from modelyard import errors
from modelyard.deployments.nodes.links import api_node
from modelyard.store.tables import node_keys


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    with closing(modelyard.open(tmp_path / "yard", actor="ada")) as yard:
        yield yard


def keys_of(yard):
    with yard.open().read() as db:
        return dict(db.execute(select(node_keys.c.node, node_keys.c.secret)).all())


def test_nodes_are_kept_with_their_keys(yard):
    for name in ("b", "a", "c"):
        yard.nodes.add(name=name, address=f"http://{name}", key=f"key-{name}")
    api_node(yard.open(), "local")
    api_node(yard.open(), "local")
    first = yard.nodes.list(limit=2)
    assert [each.name for each in first] == ["a", "b"]
    assert [each.name for each in yard.nodes.list(after=first.next)] == ["c", "local"]
    assert keys_of(yard) == {"a": "key-a", "b": "key-b", "c": "key-c"}
    yard.nodes.update(name="a", key="another")
    changed = yard.nodes.update(name="b", description="the second")
    assert yard.nodes.show(name="b") == changed
    yard.nodes.remove(name="c")
    assert keys_of(yard) == {"a": "another", "b": "key-b"}
    with pytest.raises(errors.Conflict, match="a node 'a' already"):
        yard.nodes.add(name="a", address="http://a", key="k")
    assert keys_of(yard)["a"] == "another"
