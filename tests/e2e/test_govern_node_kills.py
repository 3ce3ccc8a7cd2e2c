"""A sync of many items while the workspace or the govern node is killed: it goes on, and agrees."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import closing

import pytest
from sqlalchemy import func, insert, select, update
from tests.forks import Fork
from tests.govern_nodes import GovernNode

import modelyard
from modelyard.store.tables import governed_items, models

pytestmark = pytest.mark.slow
COUNT = 4000
PATIENCE = 60


@pytest.fixture
def node(tmp_path):
    node = GovernNode(tmp_path / "node")
    yield node
    node.close()


@pytest.fixture
def yard(tmp_path, node):
    """A workspace with many models, which was never synced."""
    with closing(modelyard.open(tmp_path / "yard", actor="ada")) as yard:
        yard.models.create(name="m0", prediction_type="regression")
        with yard.open().begin() as db:
            model = dict(db.execute(select(models)).mappings().one())
            copies = [{**model, "name": f"m{n}"} for n in range(1, COUNT)]
            db.execute(insert(models), copies)
        yard.govern.connect(address=node.url, key=node.add("berlin"))
        yield yard


def syncing(yard):
    """A process that syncs, and says nothing."""
    return Fork(
        ["govern", "sync", "--workspace", yard.folder],
        cwd=yard.folder.parent,
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(met):
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < until
        time.sleep(0.02)


def known(node):
    return node.there.workspaces.show(name="berlin").items


def described(node, text):
    """How many of its items the node knows with a description, as its rows say."""
    of = governed_items.c
    query = select(func.count()).where(of.kind == "model", of.facts.contains(text))
    with closing(modelyard.open(node.folder)) as there, there.open().read() as db:
        return db.scalar(query)


def agree(yard, node):
    """A sync that ends well, and then one that finds nothing."""
    yard.govern.sync()
    again = yard.govern.sync()
    assert (again.sent, again.told) == (0, 0)
    assert known(node) == again.items == COUNT + 3
    assert yard.govern.status().node.items == COUNT + 3
    with closing(modelyard.open(node.folder)) as there:
        assert there.audit.verify().events >= COUNT


def test_whoever_is_killed_goes_on_with_the_rest(yard, node):
    process = syncing(yard)
    wait_for(lambda: known(node) > 250)
    process.kill()
    process.wait(PATIENCE)
    assert known(node) < COUNT, "it was killed while it told"
    agree(yard, node)
    with yard.open().begin() as db:
        db.execute(update(models).values(description="punctual"))
    process = syncing(yard)
    wait_for(lambda: described(node, "punctual") > 250)
    node.kill()
    assert process.wait(PATIENCE) != 0
    assert "no server answers" in yard.govern.status().node.problem or (
        "broke off" in yard.govern.status().node.problem
    )
    node.start()
    assert 250 < described(node, "punctual") < COUNT
    agree(yard, node)
    assert described(node, "punctual") == COUNT
    assert yard.govern.status().node.problem == ""
