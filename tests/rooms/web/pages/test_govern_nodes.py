"""The page of who governs whom: on a govern node, on a workspace of one, and on others."""

from __future__ import annotations

import html
import re
from contextlib import closing
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from starlette.testclient import TestClient
from tests.govern_nodes import GovernNode

import modelyard
from modelyard.kernel.values import now
from modelyard.store.tables import govern_nodes, workspaces
from modelyard.web.app import create_app

NODES = "/governance/nodes"


@pytest.fixture(autouse=True)
def chosen_database():
    """None: two workspaces take part, and would share the one that a variable names."""


@pytest.fixture
def node(tmp_path):
    node = GovernNode(tmp_path / "node")
    yield node
    node.close()


@pytest.fixture
def yard(tmp_path):
    with closing(modelyard.open(tmp_path / "yard", actor="ada")) as yard:
        yield yard


@pytest.fixture
def site(yard):
    with TestClient(create_app(yard, no_auth=True), base_url="http://localhost") as site:
        yield site


def sent(client, path, **typed):
    """A form with what was typed, as a browser sends it; gives the page that it leads to."""
    shown = client.get(path).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    hidden = {name: html.unescape(text) for name, text in hidden.items()}
    return client.post(path, data=hidden | typed, follow_redirects=True).text


def test_a_workspace_is_let_in_connected_and_looked_at(node, yard, site):
    assert "The things of this workspace are governed here" in site.get(NODES).text
    node.server.http.headers["accept"] = "text/html"
    shown = sent(node.server.http, "/governance/new-workspace", name="berlin")
    key = re.search(r"mdw_berlin_[\w-]+", shown)[0]
    assert "It is shown this once" in shown
    sent(site, "/governance/connect", address=node.url, key=key)
    assert "not yet synced" in site.get(NODES).text
    yard.govern.sync()
    page = site.get(NODES).text
    assert "Both know the same" in page
    assert node.url in page
    assert key not in page
    found = node.server.http.get(f"{NODES}.json").json()
    assert [(each["name"], each["items"]) for each in found["workspaces"]] == [("berlin", 3)]
    node.there.govern.govern(item="project:berlin.default")
    yard.govern.sync()
    item = site.get("/governance/items/project:default").text
    assert "Governed on another node" in item
    assert f"{node.url}/governance/items/project:berlin.default" in item.replace("%3A", ":")
    refused = site.get("/governance/policies")
    assert refused.status_code == 409
    assert f"governed on {node.url}" in refused.text
    node.kill()
    with pytest.raises(modelyard.errors.Unavailable):
        yard.govern.sync()
    assert "The govern node is not heard" in site.get(NODES).text
    sent(site, "/governance/disconnect")
    assert "The things of this workspace are governed here" in site.get(NODES).text
    node.start()


def test_both_tell_that_they_were_not_in_touch(node, yard, site):
    """For three times as long as the workspace said; a sync says it anew."""
    yard.govern.connect(address=node.url, key=node.add("berlin"))
    yard.govern.sync()
    sides = (node.folder, workspaces.c.seen), (yard.folder, govern_nodes.c.synced)
    webs = node.server.http, site

    def told(seconds):
        """What pages and metrics say when they were in touch some seconds ago."""
        at = now() - timedelta(seconds=seconds)
        for folder, column in sides:
            with closing(modelyard.open(folder)) as opened, opened.open().begin() as db:
                db.execute(update(column.table).values({column: at}))
        for web in webs:
            gauges = in_touch(web.get("/metrics").text)
            assert gauges["modelyard_workspace_in_touch_timestamp_seconds"] == at.timestamp()
            yield gauges["modelyard_workspace_late"]
            yield web.get(NODES).text.count("not heard for too long")
        yield site.get("/monitoring").text.count("The govern node was last heard")

    assert list(told(85)) == [0, 0, 0, 0, 0]
    assert list(told(95)) == [1, 1, 1, 1, 1]
    assert "a worker has to run there" in node.there.workspaces.list()[0].warning
    assert "a worker has to run here" in yard.govern.status().node.warning
    yard.govern.sync()
    assert (node.there.workspaces.list()[0].late, yard.govern.status().node.late) == (False,) * 2


def in_touch(text):
    """The gauges of the workspace, by their names."""
    samples = (each for one in text_string_to_metric_families(text) for each in one.samples)
    return {each.name: each.value for each in samples if each.labels == {"workspace": "berlin"}}


def test_a_govern_node_leads_to_what_it_has_alone(node):
    page = node.server.http.get("/", follow_redirects=True)
    assert page.url.path == "/governance"
    assert 'href="/governance/policies"' in page.text
    for href in ("/deployments", "/projects/default/models", "/monitoring", "/envs", "/standards"):
        assert f'href="{href}"' not in page.text
